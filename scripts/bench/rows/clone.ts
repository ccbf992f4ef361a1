import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { clean, commitInBoth, type Bench, type Folder } from '../bench.ts'
import { discard } from '../dataset.ts'
import { timeCommands, watchPeak, type Run } from '../measure.ts'
import type { Row } from '../row.ts'
import { git, jzfs, runQuietly, startDaemon, type RunningDaemon } from '../tools.ts'

/** From a daemon that shares the folder into a new directory, with a daemon at the cloner and without; git from a file:// repository. */
export function cloneRow(bench: Bench, work: string, make: () => Folder, atMost?: number): Row {
  const there = join(bench.directory, 'home-of-source')
  const here = join(bench.directory, 'home-of-cloner')
  // Each into a new folder, all deleted at the end: a file system is slow where much was deleted just before.
  const clones = join(bench.directory, 'clones')
  let cloned = 0
  const newTarget = (): string => join(clones, String(cloned++))
  let data: Folder
  let daemons: RunningDaemon[] = []
  let name = ''
  const clone = async (home: string): Promise<Run> => {
    const target = newTarget()
    const watched = daemons.map((daemon) => watchPeak(daemon))
    const run = await timeCommands(
      [jzfs(bench.directory, home, 'clone', `ipns://${name}`, target, '--peer', daemons[0]!.address)],
      { durable: true },
    )
    return { seconds: run.seconds, peakBytes: Math.max(run.peakBytes, ...watched.map((watch) => watch.stop())) }
  }
  const gitClone = () => {
    return timeCommands([git(bench.directory, 'clone', '-q', `file://${data.path}`, newTarget())], { durable: true })
  }
  return {
    work: `${work}, both daemons up`,
    ours: { label: 'jzfs', run: () => clone(here) },
    others: [
      { label: 'git clone file://', ...(atMost === undefined ? {} : { atMost }), run: gitClone },
      { label: 'jzfs with no daemon at the cloner', run: () => clone(join(bench.directory, 'home-without-daemon')) },
    ],
    peakAtMostBytes: 250 << 20,
    prepare: async () => {
      data = make()
      mkdirSync(clones)
      commitInBoth(data.path, bench)
      name = (JSON.parse(runQuietly(jzfs(data.path, there, 'publish', '--json'))) as { refs: [{ name: string }] }).refs[0].name
      daemons = [await startDaemon(there), await startDaemon(here)]
    },
    dispose: async () => {
      for (const daemon of daemons) await daemon.stop()
      clean(data.path, bench)
      discard(clones, there, here, join(bench.directory, 'home-without-daemon'))
    },
  }
}
