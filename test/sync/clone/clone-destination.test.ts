import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { takeDestination } from '../../../src/sync/clone/clone-destination.ts'
import { temporaryFolder } from '../../support/repository.ts'

/** A folder with these files; what ends with a slash is a folder. */
function folderWith(paths: string[]): string {
  const folder = join(temporaryFolder(), 'clone')
  mkdirSync(folder)
  for (const path of paths.map((each) => join(folder, each))) {
    mkdirSync(path.endsWith('/') ? path : dirname(path), { recursive: true })
    if (!path.endsWith('/')) writeFileSync(path, '{ "source": "x" }')
  }
  return folder
}

const listed = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()

describe('a folder in which a clone died before it had marked it', () => {
  it.each([
    [false, []],
    [false, ['.jzfs/']],
    [false, ['.jzfs/tmp/']],
    [false, ['.jzfs/tmp/clone.json.5cd8.tmp']],
    [true, ['tmp/']],
    [true, ['tmp/clone.json.5cd8.tmp', 'tmp/clone.json.77aa.tmp']],
  ])('is taken again (bare: %s): %j', async (bare, paths) => {
    const folder = folderWith(paths)
    const destination = await takeDestination(folder, { bare, source: 'x' })
    expect(destination.isResumed).toBe(false)
    const again = await takeDestination(folder, { bare, source: 'x' })
    expect(again.isResumed).toBe(true)
    again.remove()
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([
    [false, ['.jzfs']],
    [false, ['.jzfs/config.json']],
    [false, ['.jzfs/tmp/mine']],
    [false, ['.jzfs/tmp/clone.json.d/mine']],
    [false, ['.jzfs/tmp/', 'mine']],
    [false, ['tmp/']],
    [true, ['.jzfs/tmp/']],
    [true, ['tmp/mine']],
    [true, ['tmp/', 'clone.json.5cd8.tmp']],
  ])('is not one with anything else in it (bare: %s): %j', async (bare, paths) => {
    const folder = folderWith(paths)
    const before = listed(folder)
    await expect(takeDestination(folder, { bare, source: 'x' })).rejects.toMatchObject({
      code: 'destination-not-empty',
    })
    expect(listed(folder)).toEqual(before)
  })
})

describe.each([false, true])('what a clone made (bare: %s)', (bare) => {
  const within = (...names: string[]): string[] => names.map((name) => (bare ? name : `.jzfs/${name}`))

  it('and was removing when it died is not gone on with', async () => {
    const folder = folderWith(within('tmp/clone.removed', 'refs/heads/main.ref', 'tmp/pack-1-2.car', 'config.json'))
    await expect(takeDestination(folder, { bare, source: 'y' })).rejects.toMatchObject({ code: 'clone-unfinished' })
    expect(existsSync(join(folder, ...within('config.json')))).toBe(true)
    const destination = await takeDestination(folder, { bare, source: 'x' })
    expect(destination.isResumed).toBe(false)
    expect(listed(folder).filter((path) => path.includes('.'))).toEqual(
      bare ? ['tmp/clone.json'] : ['.jzfs', '.jzfs/tmp', '.jzfs/tmp/clone.json'],
    )
  })

  it('is removed with its folder, unless that was there', async () => {
    for (const wasThere of [false, true]) {
      const folder = join(temporaryFolder(), 'clone')
      if (wasThere) mkdirSync(folder)
      const destination = await takeDestination(folder, { bare, source: 'x' })
      mkdirSync(join(folder, ...within('packs')))
      destination.remove()
      expect(existsSync(folder)).toBe(wasThere)
      if (wasThere) expect(readdirSync(folder)).toEqual([])
    }
  })
})
