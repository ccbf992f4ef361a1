import { join } from 'node:path'

import { homeOf, type Bench } from '../bench.ts'
import { discard, seededBytes } from '../dataset.ts'
import { makeGitHistory, makeOurHistory, type SketchedHistory } from '../history.ts'
import { timeCommands } from '../measure.ts'
import type { Row } from '../row.ts'
import { git, jzfs, runQuietly } from '../tools.ts'

/** Two branches of many files, each with a thousandth part changed of its own: merged, and switched between. */
export function twoBranches(bench: Bench): Row[] {
  const [files, changed] = [100_000 / bench.scale, 1000 / bench.scale]
  const [ours, theirs] = [join(bench.directory, 'branches'), join(bench.directory, 'branches-git')]
  const inOurs = (...args: string[]) => jzfs(ours, homeOf(bench), ...args)
  const inGit = (...args: string[]) => git(theirs, ...args)
  const prepare = async (): Promise<void> => {
    const history = branchedHistory(files, changed)
    await Promise.all([makeOurHistory(ours, history), makeGitHistory(theirs, history)])
    for (const args of [['switch', '--discard-changes', 'side'], ['switch', 'main'], ['status']])
      runQuietly(inOurs(...args))
    for (const args of [['checkout', '-qf', 'side'], ['checkout', '-q', 'main'], ['status']]) runQuietly(inGit(...args))
  }
  const common = { prepare, dispose: () => discard(ours, theirs), peakAtMostBytes: 300 << 20 }
  const merged: Row = {
    work: 'merge of two branches, 100,000 files, 1,000 changed on each side',
    ours: {
      label: 'jzfs',
      run: async () => {
        const run = await timeCommands([inOurs('merge', 'side', '-m', 'merged')], { durable: true })
        runQuietly(inOurs('reset', '--hard', 'HEAD^'))
        return run
      },
    },
    others: [
      {
        label: 'git merge',
        atMost: 1,
        run: async () => {
          const run = await timeCommands([inGit('merge', 'side', '-m', 'merged')], { durable: true })
          runQuietly(inGit('reset', '-q', '--hard', 'HEAD^'))
          return run
        },
      },
    ],
    ...common,
  }
  const turns = { ours: 0, git: 0 }
  const next = (who: keyof typeof turns): string => (turns[who]++ % 2 === 0 ? 'side' : 'main')
  const switched: Row = {
    work: 'switch between commits that differ in 1,000 of 100,000 files',
    ours: { label: 'jzfs', run: () => timeCommands([inOurs('switch', next('ours'))], { durable: true }) },
    others: [
      {
        label: 'git switch',
        atMost: 1.5,
        run: () => timeCommands([inGit('switch', '-q', next('git'))], { durable: true }),
      },
    ],
    ...common,
  }
  return [merged, switched]
}

function branchedHistory(files: number, changed: number): SketchedHistory {
  const path = (number: number) =>
    `folder-${String(number % 500).padStart(3, '0')}/file-${String(number).padStart(6, '0')}`
  function* content(from: number, step: number, count: number, seed: number) {
    for (let number = 0; number < count; number++) {
      const at = from + number * step
      yield [path(at), seededBytes(1024, at + seed)] as const
    }
  }
  const step = Math.floor(files / changed)
  return {
    branches: { main: 1, side: 2 },
    *commits() {
      yield { parents: [], message: 'base', files: content(0, 1, files, 1) }
      yield { parents: [0], message: 'ours', files: content(0, step, changed, 10_000_000) }
      yield { parents: [0], message: 'theirs', files: content(1, step, changed, 20_000_000) }
    },
  }
}
