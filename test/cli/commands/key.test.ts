import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { temporaryFolder } from '../../support/repository.ts'
import { runHere, type RanHere } from '../../support/run-here.ts'

interface Place {
  folder: string
  home: string
  jzfs(...args: string[]): Promise<RanHere>
}

function somewhere(): Place {
  const folder = temporaryFolder()
  const home = join(folder, 'home')
  return { folder, home, jzfs: (...args) => runHere(folder, args, { JZFS_HOME: home }) }
}

/** A repository with one commit, published: its key is in use. */
async function published({ jzfs, folder }: Place): Promise<{ key: string; name: string }> {
  await jzfs('init', '-q')
  writeFileSync(join(folder, 'a.txt'), 'a')
  await jzfs('add', 'a.txt')
  await jzfs('commit', '-q', '-m', 'one')
  expect((await jzfs('publish')).status).toBe(0)
  const keys = JSON.parse((await jzfs('key', 'ls', '--json')).stdout) as { key: string; name: string; uses: string[] }[]
  return keys.find(({ uses }) => uses.some((use) => use.startsWith('refs/heads/main of ')))!
}

const mode = (path: string): number => statSync(path).mode & 0o777

describe('jzfs key', () => {
  it('makes, lists, renames and removes keys', async () => {
    const { jzfs, home } = somewhere()
    const made = await jzfs('key', 'gen', 'weather')
    expect(made).toMatchObject({ status: 0, stdout: expect.stringMatching(/^k51[0-9a-z]{59}\n$/) })
    const name = made.stdout.trim()
    expect(mode(join(home, 'keys', 'weather'))).toBe(0o600)
    expect((await jzfs('key', 'ls')).stdout).toBe(`${name} weather\n`)
    expect((await jzfs('key', 'rename', 'weather', 'climate')).stdout).toBe(`${name}\n`)
    expect(mode(join(home, 'keys', 'climate'))).toBe(0o600)
    expect((await jzfs('key', 'rm', 'climate')).stdout).toBe(`removed ${name} climate\n`)
    expect(JSON.parse((await jzfs('key', 'ls', '--json')).stdout)).toEqual([])
  })

  it('writes a key to a file and reads it back, in both formats, and replaces nothing', async () => {
    const { jzfs, folder } = somewhere()
    const name = (await jzfs('key', 'gen', 'weather')).stdout
    expect((await jzfs('key', 'export', 'weather')).status).toBe(0)
    expect((await jzfs('key', 'export', 'weather', '-f', 'pem-pkcs8-cleartext')).status).toBe(0)
    expect([mode(join(folder, 'weather.key')), mode(join(folder, 'weather.pem'))]).toEqual([0o600, 0o600])
    const before = readFileSync(join(folder, 'weather.key'))
    await jzfs('key', 'gen', 'other')
    const again = await jzfs('key', 'export', 'other', '-o', 'weather.key')
    expect(again).toMatchObject({ status: 128, stderr: expect.stringContaining('there is something already at') })
    expect(readFileSync(join(folder, 'weather.key'))).toEqual(before)
    expect((await jzfs('key', 'import', 'from-pem', 'weather.pem')).stdout).toBe(name)
    expect((await jzfs('key', 'import', 'weather', 'weather.key')).stderr).toContain('there is a key "weather" already')
    expect((await jzfs('key', 'rename', 'other', 'weather')).stderr).toContain('there is a key "weather" already')
    const other = somewhere()
    expect((await other.jzfs('key', 'import', 'w', join(folder, 'weather.key'), '--json')).stdout).toContain(
      name.trim(),
    )
  })

  it('keeps a key that signs for a published branch, unless it is forced, and says what is lost', async () => {
    const place = somewhere()
    const { key, name } = await published(place)
    const refused = await place.jzfs('key', 'rm', key)
    expect(refused).toMatchObject({ status: 128, stderr: expect.stringContaining(`signs for refs/heads/main of `) })
    expect(refused.stderr).toContain(name)
    expect((await place.jzfs('key', 'rm', '--force', key)).stderr).toContain(
      `warning: nobody can sign for ipns://${name} any more (refs/heads/main of `,
    )
  })

  it('lets a branch be published on under a renamed key', async () => {
    const place = somewhere()
    const { key, name } = await published(place)
    await place.jzfs('key', 'rename', key, 'beans')
    expect((await place.jzfs('publish')).stdout).toContain(`nothing new: main as ipns://${name}`)
    expect((await place.jzfs('key', 'ls')).stdout).toContain(`${name} beans (refs/heads/main of `)
  })

  it.each([
    [['key', 'gen', 'a', '--type', 'rsa'], 'keys of type rsa are not made here', 128],
    [['key', 'gen', ''], 'this is no name for a key', 128],
    [['key', 'gen', 'x'.repeat(101)], 'this is no name for a key', 128],
    [['key', 'rm', 'nobody'], 'there is no key "nobody"', 128],
    [['key', 'rename', 'nobody', 'a'], 'there is no key "nobody"', 128],
    [['key', 'rm', 'self'], 'is the node itself', 128],
    [['key', 'rename', 'self', 'a'], 'is the node itself', 128],
    [['key', 'export', 'nobody'], 'there is no key "nobody"', 128],
    [['key', 'export', 'nobody', '-f', 'jwk'], 'this is no format of a key', 129],
    [['key', 'import', 'a', 'missing'], 'missing', 128],
  ] as const)('refuses %j', async (args, message, status) => {
    const { jzfs, home } = somewhere()
    expect(await jzfs(...args)).toMatchObject({ status, stdout: '', stderr: expect.stringContaining(message) })
    expect(existsSync(join(home, 'keys', 'a'))).toBe(false)
  })
})
