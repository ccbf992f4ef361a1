import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { clean, commitInBoth, homeOf, oursSnapshot, type Bench, type Folder } from '../bench.ts'
import { discard, seededBytes } from '../dataset.ts'
import { timeCommands, watchPeak, type Run } from '../measure.ts'
import type { Row } from '../row.ts'
import { git, jzfs, linesOf, publishAll, type RunningDaemon, runQuietly, startDaemon } from '../tools.ts'

/** What a pull may carry, encryption, framing and questions included, for each byte of the blocks that changed. */
const WIRE_AT_MOST = 1.1

/** What one in a hundred files changed is pulled into a clone, both daemons up; git from a `file://` repository. */
export function pullRow(bench: Bench, make: () => Folder): Row {
  const [here, there] = [join(bench.directory, 'home-of-puller'), join(bench.directory, 'home-of-source')]
  const clones = join(bench.directory, 'clones')
  const [ours, theirs] = [join(clones, 'jzfs'), join(clones, 'git')]
  let data: Folder
  let daemons: RunningDaemon[] = []
  let round = 0
  const carried = { wire: 0, blocks: 0 }
  /** Each round of ours changes other files; git's pull of the same round brings the same change. */
  const change = (): void => {
    round++
    for (const [number, path] of filesBelow(data.path).entries()) {
      if (number % 100 === round % 100) writeFileSync(path, seededBytes(4096, 1_000_000 * round + number))
    }
    for (const command of oursSnapshot(data.path, bench)) runQuietly(command)
    runQuietly(jzfs(data.path, there, 'publish', '-q'))
    runQuietly(git(data.path, 'commit', '-qam', 'bench'))
  }
  const pull = async (): Promise<Run> => {
    change()
    const watched = daemons.map((daemon) => watchPeak(daemon))
    const before = carriedBy(there)
    const run = await timeCommands([jzfs(ours, here, 'pull', '-q', '--ff-only')], { durable: true })
    const after = carriedBy(there)
    carried.wire += after.wire - before.wire
    carried.blocks += after.blocks - before.blocks
    return { seconds: run.seconds, peakBytes: Math.max(run.peakBytes, ...watched.map((watch) => watch.stop())) }
  }
  return {
    work: 'pull of 1 % of 20,000 × 4 KiB, both daemons up',
    ours: { label: 'jzfs', run: pull },
    others: [
      {
        label: 'git pull',
        atMost: 2,
        run: () => timeCommands([git(theirs, 'pull', '-q', '--ff-only')], { durable: true }),
      },
    ],
    peakAtMostBytes: 300 << 20,
    measured: () => [
      { of: 'the changed blocks on the wire', ratio: carried.wire / carried.blocks, atMost: WIRE_AT_MOST },
    ],
    prepare: async () => {
      data = make()
      mkdirSync(clones)
      commitInBoth(data.path, bench)
      const { repository } = publishAll(data.path, there)
      daemons = [await startDaemon(here), await startDaemon(there)]
      runQuietly(jzfs(clones, here, 'clone', '-q', `${daemons[1]!.address}/${repository}`, ours))
      runQuietly(git(clones, 'clone', '-q', `file://${data.path}`, theirs))
    },
    dispose: async () => {
      for (const daemon of daemons) await daemon.stop()
      clean(data.path, bench)
      discard(clones, here, there, homeOf(bench), data.path)
    },
  }
}

/** What a daemon's connections carried so far in both directions, and the bytes of the blocks that it served. */
function carriedBy(home: string): { wire: number; blocks: number } {
  const lines = linesOf(jzfs(home, home, 'daemon', 'metrics'))
  const sum = (metric: string): number =>
    lines.filter((line) => line.startsWith(metric)).reduce((total, line) => total + Number(line.split(' ').at(-1)), 0)
  return { wire: sum('jzfs_network_bytes_total{'), blocks: sum('jzfs_served_bytes_total') }
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\/\.(jzfs|git)(\/|$)/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
