import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { clean, commitInBoth, type Bench, type Folder } from '../bench.ts'
import { discard } from '../dataset.ts'
import { timeCommands, watchPeak, type Run } from '../measure.ts'
import type { Row } from '../row.ts'
import { git, jzfs, type RunningDaemon, runQuietly, startDaemon } from '../tools.ts'

/** To an empty bare repository of another daemon, both daemons up; git to an empty bare repository by `file://`. */
export function pushRow(bench: Bench, work: string, make: () => Folder, atMost: number): Row {
  const [here, there] = [join(bench.directory, 'home-of-pusher'), join(bench.directory, 'home-of-receiver')]
  const targets = join(bench.directory, 'targets')
  let made = 0
  let data: Folder
  let daemons: RunningDaemon[] = []
  const newTarget = (): string => {
    const target = join(targets, `target-${made++}`)
    mkdirSync(target, { recursive: true })
    return target
  }
  const push = async (): Promise<Run> => {
    const target = newTarget()
    const [mine, theirs] = daemons
    for (const args of [
      ['init', '--bare', '-q'],
      ['publish', '--all', '-q'],
      ['writer', 'add', mine!.peerId],
    ]) {
      runQuietly(jzfs(target, there, ...args))
    }
    const name = `target-${made - 1}`
    const watched = daemons.map((daemon) => watchPeak(daemon))
    const run = await timeCommands([jzfs(data.path, here, 'push', '-q', `${theirs!.address}/${name}`, 'main')], {
      durable: true,
    })
    return { seconds: run.seconds, peakBytes: Math.max(run.peakBytes, ...watched.map((watch) => watch.stop())) }
  }
  const gitPush = (): Promise<Run> => {
    const target = newTarget()
    runQuietly(git(target, 'init', '-q', '--bare'))
    return timeCommands([git(data.path, 'push', '-q', `file://${target}`, 'HEAD:refs/heads/main')], { durable: true })
  }
  return {
    work,
    ours: { label: 'jzfs', run: push },
    others: [{ label: 'git push', atMost, run: gitPush }],
    peakAtMostBytes: 300 << 20,
    prepare: async () => {
      data = make()
      commitInBoth(data.path, bench)
      daemons = [await startDaemon(here), await startDaemon(there)]
    },
    dispose: async () => {
      for (const daemon of daemons) await daemon.stop()
      clean(data.path, bench)
      discard(targets, here, there)
    },
  }
}
