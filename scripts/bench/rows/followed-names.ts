import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import type { Bench } from '../bench.ts'
import { discard } from '../dataset.ts'
import { makeOurHistory } from '../history.ts'
import { type Run, watchPeak } from '../measure.ts'
import type { Row } from '../row.ts'
import { jzfs, runQuietly, startDaemon, type RunningDaemon } from '../tools.ts'

const MINUTE_SECONDS = 60

/** The processor time of a daemon that follows a hundred names of another, none of which moves, in a minute. */
export function followedNamesRow(bench: Bench): Row {
  const names = Math.ceil(100 / bench.scale)
  const [here, there] = [join(bench.directory, 'home-of-follower'), join(bench.directory, 'home-of-source')]
  const source = join(bench.directory, 'history')
  let daemons: RunningDaemon[] = []
  const follow = async (): Promise<Run> => {
    const pid = daemons[0]!.pid
    const before = processorSeconds(pid)
    await setTimeout(MINUTE_SECONDS * 1000)
    return { seconds: processorSeconds(pid) - before, peakBytes: watchPeak({ pid }).stop() }
  }
  return {
    work: `${names} followed names, nothing new: processor time in a minute`,
    ours: { label: 'jzfs', run: follow },
    others: [{ label: 'a minute', atMost: 0.01, run: async () => ({ seconds: MINUTE_SECONDS, peakBytes: 0 }) }],
    peakAtMostBytes: 300 << 20,
    prepare: async () => {
      const branches = Object.fromEntries(Array.from({ length: names }, (_, nth) => [`branch-${nth}`, nth]))
      await makeOurHistory(source, { branches, commits: () => commits(names) })
      const document: unknown = JSON.parse(runQuietly(jzfs(source, there, 'publish', '--all', '--json')))
      daemons = [await startDaemon(here), await startDaemon(there)]
      for (const { name } of (document as { refs: { name: string }[] }).refs) {
        runQuietly(jzfs(here, here, 'pin', 'add', '--follow', `ipns://${name}`, '--peer', daemons[1]!.address))
      }
      // What came of the pins themselves is over.
      await setTimeout(MINUTE_SECONDS * 500)
    },
    dispose: async () => {
      for (const daemon of daemons) await daemon.stop()
      discard(source, here, there)
    },
  }
}

function* commits(count: number) {
  for (let at = 0; at < count; at++) {
    const files = [['folder/file', Buffer.from(`${at}`)] as const]
    yield { parents: at === 0 ? [] : [at - 1], message: `change ${at}`, files }
  }
}

/** User and system time of a process so far (Linux). */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  return ticks / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'latin1' }))
}
