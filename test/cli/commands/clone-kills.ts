import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { expect } from 'vitest'

import { createNode, type Node, type Running, type Shared, startShare } from '../../support/jzfs.ts'
import { seededBytes } from '../../support/seeded.ts'
import { folderContent } from '../../worktree/support/folder-content.ts'

/** What the kills met, by what they left. */
export interface KillTally {
  nothing: number
  unfinished: number
  complete: number
  /** Kills after which a file was changed before the clone was resumed. */
  edited: number
}

/** A dataset that is being shared, and what is in it. */
export interface KillSource {
  node: Node
  share: Running & Shared
  files: Record<string, string>
}

/** Shares a folder of small files, a large one, an executable and a symlink. */
export async function shareDataset({ files = 1200, largeBytes = 12_000_000 } = {}): Promise<KillSource> {
  const node = createNode()
  const data = join(node.folder, 'data')
  for (let i = 0; i < files; i++) {
    mkdirSync(join(data, `folder-${i % 20}`), { recursive: true })
    writeFileSync(join(data, `folder-${i % 20}`, `${i}.bin`), seededBytes(`file ${i}`, 2000 + i))
  }
  writeFileSync(join(data, 'large.bin'), seededBytes('large', largeBytes))
  writeFileSync(join(data, 'run.sh'), 'echo run\n')
  chmodSync(join(data, 'run.sh'), 0o755)
  symlinkSync('run.sh', join(data, 'link'))
  return { node, share: await startShare(node, 'data'), files: folderContent(data) }
}

/**
 * Kills clones at random moments, `kills` times, and each time runs the same command again: it must come to exactly the
 * dataset. After some of the kills a file that is there is edited before: it must stay as it is then.
 */
export async function killClones(source: KillSource, kills: number): Promise<KillTally> {
  const node = createNode()
  const destination = join(node.folder, 'x')
  const args = ['clone', source.share.name, 'x', '--peer', source.share.address]
  const started = performance.now()
  expect(await node.jzfs(args)).toMatchObject({ status: 0 })
  const wholeMs = performance.now() - started
  const tally: KillTally = { nothing: 0, unfinished: 0, complete: 0, edited: 0 }
  for (let kill = 0; kill < kills; kill++) {
    rmSync(destination, { recursive: true, force: true })
    const running = node.start(args)
    await sleep(Math.random() * wholeMs)
    await running.stop('SIGKILL')
    const found = stateOf(destination)
    tally[found]++
    const edited = kill % 2 === 0 ? editOne(destination) : undefined
    if (edited !== undefined) tally.edited++
    if (found !== 'complete') {
      const resumed = await node.jzfs(args)
      expect(resumed.status, `after ${found}: ${resumed.stderr}`).toBe(0)
    }
    const expected = edited === undefined ? source.files : { ...source.files, [edited]: contentOf(destination, edited) }
    expect(contentOf(destination, edited ?? 'run.sh')).toContain(edited === undefined ? 'echo run' : EDIT)
    expect(differences(folderContent(destination), expected)).toEqual([])
    const { stdout } = await node.jzfs(['status', '--json'], { cwd: destination })
    expect(stdout.includes('"modified"') || stdout.includes('changed')).toBe(edited !== undefined)
  }
  return tally
}

function stateOf(destination: string): 'nothing' | 'unfinished' | 'complete' {
  if (!existsSync(destination)) return 'nothing'
  const repository = join(destination, '.jzfs')
  const isUnfinished = existsSync(join(repository, 'tmp', 'clone.json')) || !existsSync(join(repository, 'refs'))
  return isUnfinished ? 'unfinished' : 'complete'
}

const EDIT = 'edited after the kill'

/** The mode of a file that a checkout has not finished: nobody takes it for one of theirs. */
const UNFINISHED = 0o200

/** Edits a file that the kill left whole; its path. */
function editOne(destination: string): string | undefined {
  const paths = existsSync(destination)
    ? readdirSync(destination, { recursive: true, encoding: 'utf8' }).filter((path) => {
        const stat = lstatSync(join(destination, path))
        return !path.startsWith('.jzfs') && stat.isFile() && (stat.mode & 0o777) !== UNFINISHED
      })
    : []
  const path = paths[Math.floor(Math.random() * paths.length)]
  if (path !== undefined) writeFileSync(join(destination, path), EDIT)
  return path
}

function contentOf(destination: string, path: string): string {
  return folderContent(destination)[path] ?? ''
}

/** The paths that differ: two datasets are too long to be shown. */
export function differences(found: Record<string, string>, expected: Record<string, string>): string[] {
  const paths = new Set([...Object.keys(found), ...Object.keys(expected)])
  return [...paths].filter((path) => found[path] !== expected[path]).sort()
}

/** Kills `pin add` at random moments, and each time runs it again: the pin must then be a whole dataset. */
export async function killPins(source: KillSource, kills: number): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    const node = createNode()
    const args = ['pin', 'add', source.share.name, '--peer', source.share.address]
    const running = node.start(args)
    await sleep(250 + Math.random() * 400)
    await running.stop('SIGKILL')
    expect(await node.jzfs(args)).toMatchObject({ status: 0 })
    expect(await node.jzfs(['pin', 'ls'])).toMatchObject({ stdout: expect.stringContaining(source.share.commit) })
    // Of the pin alone: no peer is named and no daemon runs.
    expect(await node.jzfs(['clone', source.share.name, 'x'])).toMatchObject({ status: 0 })
    expect(differences(folderContent(join(node.folder, 'x')), source.files)).toEqual([])
  }
}
