import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { clean, commitInBoth, type Bench, type Folder } from '../bench.ts'
import { discard } from '../dataset.ts'
import { diskWrite } from '../disk.ts'
import { timeCommands, watchPeak, type Run } from '../measure.ts'
import type { Row } from '../row.ts'
import { git, jzfs, publishAll, type PublishedRepository, type RunningDaemon, startDaemon } from '../tools.ts'

/** How a clone is carried, and how fast it has to be against git's. */
interface Carried {
  over: 'libp2p' | 'HTTP'
  atMost?: number
  /** The size of the one file of the data: then the disk alone is a contender, which writes it twice, to the store and to its place. */
  fileBytes?: number
}

/** From a daemon that shares the folder into a new directory, with a daemon at the cloner and without; git from a file:// repository. */
export function cloneRow(bench: Bench, work: string, make: () => Folder, { over, atMost, fileBytes }: Carried): Row {
  const there = join(bench.directory, 'home-of-source')
  const here = join(bench.directory, 'home-of-cloner')
  // Each into a new folder, all deleted at the end: a file system is slow where much was deleted just before.
  const clones = join(bench.directory, 'clones')
  let cloned = 0
  const newTarget = (): string => join(clones, String(cloned++))
  let data: Folder
  let daemons: RunningDaemon[] = []
  let published: PublishedRepository
  const source = (): string[] => {
    const { address, http } = daemons[0]!
    return over === 'HTTP' ? [`${http}/${published.repository}`] : [`ipns://${published.name}`, '--peer', address]
  }
  const clone = async (home: string): Promise<Run> => {
    const target = newTarget()
    const [from, ...peer] = source()
    const watched = daemons.map((daemon) => watchPeak(daemon))
    const run = await timeCommands([jzfs(bench.directory, home, 'clone', from!, target, ...peer)], { durable: true })
    return { seconds: run.seconds, peakBytes: Math.max(run.peakBytes, ...watched.map((watch) => watch.stop())) }
  }
  const gitClone = () => {
    return timeCommands([git(bench.directory, 'clone', '-q', `file://${data.path}`, newTarget())], { durable: true })
  }
  return {
    work: `${work} over ${over}, both daemons up`,
    ours: { label: 'jzfs', run: () => clone(here) },
    others: [
      { label: 'git clone file://', ...(atMost === undefined ? {} : { atMost }), run: gitClone },
      { label: 'jzfs with no daemon at the cloner', run: () => clone(join(bench.directory, 'home-without-daemon')) },
      ...(fileBytes === undefined ? [] : [diskWrite(bench, [fileBytes, fileBytes])]),
    ],
    peakAtMostBytes: 250 << 20,
    prepare: async () => {
      data = make()
      mkdirSync(clones)
      commitInBoth(data.path, bench)
      published = publishAll(data.path, there)
      daemons = [await startDaemon(there), await startDaemon(here)]
    },
    dispose: async () => {
      for (const daemon of daemons) await daemon.stop()
      clean(data.path, bench)
      discard(clones, there, here, join(bench.directory, 'home-without-daemon'))
    },
  }
}
