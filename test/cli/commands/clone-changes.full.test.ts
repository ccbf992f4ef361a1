import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { createNode, type Ended, type Node } from '../../support/jzfs.ts'
import { seededBytes } from '../../support/seeded.ts'
import { folderContent } from '../../worktree/support/folder-content.ts'

/** Commits a small dataset in the folder `data` of a node. */
async function makeDataset(node: Node): Promise<string> {
  const data = join(node.folder, 'data')
  mkdirSync(join(data, 'folder'), { recursive: true })
  writeFileSync(join(data, 'folder', 'one.bin'), seededBytes('one', 3_000_000))
  // Written as its blocks come.
  writeFileSync(join(data, 'folder', 'big.bin'), seededBytes('big', 17_000_000))
  writeFileSync(join(data, 'two.txt'), 'two\n')
  symlinkSync('two.txt', join(data, 'link'))
  for (const args of [['init'], ['add', '.'], ['commit', '-q', '-m', 'One']]) {
    expect(await node.jzfs(args, { cwd: data })).toMatchObject({ status: 0 })
  }
  return data
}

const PRELOAD = join(import.meta.dirname, '..', '..', 'support', 'kill-at-change.ts')

/** Up to here each change counts: the folder is taken, and the repository made. After that every fourth does. */
const EACH_CHANGE = 60

/** Runs a clone into an absent folder `x`, killed right before its changes of the file system; after each kill `check`s. */
async function killAtChanges(node: Node, args: string[], check: (change: number) => Promise<void>): Promise<Ended> {
  for (let change = 1; ; change += change < EACH_CHANGE ? 1 : 4) {
    rmSync(join(node.folder, 'x'), { recursive: true, force: true })
    const env = { NODE_OPTIONS: `--import=${PRELOAD}`, JZFS_KILL_AT: String(change) }
    const ended = await node.jzfs(args, { env })
    if (ended.status !== 'SIGKILL') return ended
    await check(change)
  }
}

it.each([false, true])('a clone that is killed before any change it makes is resumed (bare: %s)', async (bare) => {
  const node = createNode()
  const data = await makeDataset(node)
  const x = join(node.folder, 'x')
  const args = ['clone', 'data', 'x', ...(bare ? ['--bare'] : [])]
  let unfinished = 0
  const isComplete = (): boolean => {
    const repository = bare ? x : join(x, '.jzfs')
    return existsSync(join(repository, 'ops', '0', '1.json')) && !existsSync(join(repository, 'tmp', 'clone.json'))
  }
  const ended = await killAtChanges(node, args, async (change) => {
    if (!isComplete()) {
      unfinished++
      const resumed = await node.jzfs(args)
      expect(resumed.status, `before change ${change}: ${resumed.stderr}`).toBe(0)
      expect(readdirSync(join(bare ? x : join(x, '.jzfs'), 'tmp')).filter((name) => name.startsWith('pack-'))).toEqual(
        [],
      )
    }
    if (!bare) expect(folderContent(x), `before change ${change}`).toEqual(folderContent(data))
    const checked = await node.jzfs(['fsck'], { cwd: x })
    expect(checked.status, `before change ${change}: ${checked.stderr}`).toBe(0)
  })
  expect(ended).toMatchObject({ status: 0 })
  expect(unfinished).toBeGreaterThan(EACH_CHANGE)
})

it('a clone that fails, and is killed before any change, fails in the same way again', async () => {
  const node = createNode()
  const packs = join(await makeDataset(node), '.jzfs', 'packs')
  for (const name of readdirSync(packs)) {
    const pack = openSync(join(packs, name), 'r+')
    if (fstatSync(pack).size > 2_000_000) writeSync(pack, 'damaged', 1_500_000)
    closeSync(pack)
  }
  const args = ['clone', 'data', 'x']
  let begun = 0
  const ended = await killAtChanges(node, args, async (change) => {
    if (existsSync(join(node.folder, 'x', '.jzfs'))) begun++
    const again = await node.jzfs(args)
    expect(again.status, `before change ${change}: ${again.stderr}`).toBe(3)
    expect(again.stderr).toContain(packs)
    expect(existsSync(join(node.folder, 'x', '.jzfs'))).toBe(false)
  })
  expect(ended.status).toBe(3)
  expect(begun).toBeGreaterThan(20)
})
