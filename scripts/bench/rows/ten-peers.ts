import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { clean, commitInBoth, type Bench, type Folder } from '../bench.ts'
import { discard } from '../dataset.ts'
import { median, timeCommands, watchPeak, type Run } from '../measure.ts'
import type { Row } from '../row.ts'
import { jzfs, publishAll, type RunningDaemon, startDaemon } from '../tools.ts'

const PEERS = 10

/** The slowest of the peers may take so many times what their median takes. */
const SPREAD = 2

/** Ten peers that clone at once from one daemon, against one alone; the memory is the daemon's. */
export function tenPeersRow(bench: Bench, make: () => Folder): Row {
  const there = join(bench.directory, 'home-of-source')
  const clones = join(bench.directory, 'clones')
  let cloned = 0
  let data: Folder
  let daemon: RunningDaemon
  let name = ''
  const clone = (): Promise<Run> => {
    const number = cloned++
    const home = join(clones, `home-${number}`)
    const target = join(clones, String(number))
    const args = ['clone', '-q', '--bare', `ipns://${name}`, target, '--peer', daemon.address]
    return timeCommands([jzfs(clones, home, ...args)])
  }
  const all = async (): Promise<Run> => {
    const watched = watchPeak(daemon)
    const started = process.hrtime.bigint()
    const runs = await Promise.all(Array.from({ length: PEERS }, clone))
    const seconds = Number(process.hrtime.bigint() - started) / 1e9
    const [slowest, middle] = [Math.max(...runs.map((run) => run.seconds)), median(runs.map((run) => run.seconds))]
    if (slowest > SPREAD * middle)
      throw new Error(`the slowest of ${PEERS} peers took ${slowest} s, the median ${middle}`)
    return { seconds, peakBytes: watched.stop() }
  }
  return {
    work: `${PEERS} peers that clone 20,000 × 4 KiB at once from one, bare`,
    ours: { label: 'jzfs', run: all },
    others: [{ label: 'one peer alone', atMost: 8, run: clone }],
    peakAtMostBytes: 400 << 20,
    prepare: async () => {
      data = make()
      mkdirSync(clones)
      commitInBoth(data.path, bench)
      name = publishAll(data.path, there).name
      daemon = await startDaemon(there)
    },
    dispose: async () => {
      await daemon.stop()
      clean(data.path, bench)
      discard(clones, there)
    },
  }
}
