import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { homeOf, type Bench } from '../bench.ts'
import { discard, seededBytes } from '../dataset.ts'
import { makeGitHistory, makeOurHistory, type SketchedHistory } from '../history.ts'
import { timeCommands, type CommandLine, type Run } from '../measure.ts'
import type { Row } from '../row.ts'
import { expectLines, git, jzfs, runQuietly } from '../tools.ts'

const FOLDERS = 500

/** One tool in its own copy of the two branches. */
interface Side {
  path: string
  run: (...args: string[]) => CommandLine
}

/**
 * Two branches of many files, on each of which one file in a hundred was changed, in all folders: merged, and one of them
 * left for the commit that it came from and taken up again.
 */
export function twoBranches(bench: Bench): Row[] {
  const [files, changed] = [100_000 / bench.scale, 1000 / bench.scale]
  const [ours, theirs] = [join(bench.directory, 'branches'), join(bench.directory, 'branches-git')]
  const inOurs: Side = { path: ours, run: (...args) => jzfs(ours, homeOf(bench), ...args) }
  const inGit: Side = { path: theirs, run: (...args) => git(theirs, ...args) }
  let made: Promise<unknown> | undefined
  const prepare = async (): Promise<void> => {
    const history = branchedHistory(files, changed)
    await (made ??= Promise.all([makeOurHistory(ours, history), makeGitHistory(theirs, history)]))
    for (const { run } of [inOurs, inGit]) runQuietly(run('switch', '-q', '--discard-changes', 'main'))
    await settle(inOurs, inGit)
  }
  const pathsOf = (from: number) => [...changedPaths(files, changed, from)].sort()
  const merge = async (side: Side): Promise<Run> => {
    const run = await timeCommands([side.run('merge', 'side', '-m', 'merged')], { durable: true })
    expectLines(side.run('diff', '--name-only', 'HEAD^', 'HEAD'), pathsOf(THEIRS))
    expectLines(side.run('diff', '--name-only', 'HEAD^2', 'HEAD'), pathsOf(OURS))
    expectLines(side.run('status', '--porcelain'), [])
    runQuietly(side.run('reset', '-q', '--hard', 'HEAD^'))
    await settle(side)
    return run
  }
  const turns = new Map<Side, number>()
  const turn = async (side: Side): Promise<Run> => {
    const turned = turns.get(side) ?? 0
    turns.set(side, turned + 1)
    const run = await timeCommands([side.run('switch', turned % 2 === 0 ? 'base' : 'main')], { durable: true })
    expectLines(side.run('diff', '--name-only', 'HEAD', turned % 2 === 0 ? 'main' : 'base'), pathsOf(OURS))
    expectLines(side.run('status', '--porcelain'), [])
    await settle(side)
    return run
  }
  const peakAtMostBytes = 300 << 20
  return [
    {
      work: 'merge of two branches, 100,000 files in 500 folders, 1,000 changed on each side',
      ours: { label: 'jzfs', run: () => merge(inOurs) },
      others: [{ label: 'git merge', atMost: 1, run: () => merge(inGit) }],
      peakAtMostBytes,
      prepare,
    },
    {
      work: 'switch between commits that differ in 1,000 of 100,000 files',
      ours: { label: 'jzfs', run: () => turn(inOurs) },
      others: [{ label: 'git switch', atMost: 1.5, run: () => turn(inGit) }],
      peakAtMostBytes,
      prepare,
      dispose: () => discard(ours, theirs),
    },
  ]
}

/**
 * Leaves nothing to refresh in the index: git reads files again that were written in the second in which its index was.
 */
async function settle(...sides: Side[]): Promise<void> {
  await setTimeout(1100)
  for (const { run } of sides) runQuietly(run('status'))
}

/** Which of each hundred files the branches change. */
const OURS = 3
const THEIRS = 53

function pathOf(number: number, files: number): string {
  const folder = Math.floor((number * FOLDERS) / files)
  return `folder-${String(folder).padStart(3, '0')}/file-${String(number).padStart(6, '0')}`
}

function* changedPaths(files: number, changed: number, from: number): Generator<string> {
  for (let nth = 0; nth < changed; nth++) yield pathOf(from + nth * Math.floor(files / changed), files)
}

function branchedHistory(files: number, changed: number): SketchedHistory {
  function* all() {
    for (let number = 0; number < files; number++) yield [pathOf(number, files), seededBytes(1024, number + 1)] as const
  }
  function* some(from: number, seed: number) {
    for (const path of changedPaths(files, changed, from)) yield [path, seededBytes(1024, seed++)] as const
  }
  return {
    branches: { base: 0, main: 1, side: 2 },
    *commits() {
      yield { parents: [], message: 'base', files: all() }
      yield { parents: [0], message: 'ours', files: some(OURS, 10_000_000) }
      yield { parents: [0], message: 'theirs', files: some(THEIRS, 20_000_000) }
    },
  }
}
