import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import type { Bench } from '../bench.ts'
import { discard, seededBytes } from '../dataset.ts'
import { makeGitHistory, makeOurHistory, type SketchedHistory } from '../history.ts'
import { timeCommands, type Run } from '../measure.ts'
import type { Row } from '../row.ts'
import { git, jzfs, publishAll, type RunningDaemon, runQuietly, startDaemon } from '../tools.ts'

/** A fetch that finds nothing new, both daemons up and connected; git from a `file://` repository. */
export function fetchRow(bench: Bench): Row {
  const [here, there] = [join(bench.directory, 'home-of-fetcher'), join(bench.directory, 'home-of-source')]
  const [source, gitSource] = [join(bench.directory, 'history'), join(bench.directory, 'history-git')]
  const clones = join(bench.directory, 'clones')
  const [ours, theirs] = [join(clones, 'jzfs'), join(clones, 'git')]
  let daemons: RunningDaemon[] = []
  const fetch = (): Promise<Run> => timeCommands([jzfs(ours, here, 'fetch', '-q')])
  return {
    work: 'fetch with nothing new, 10,000 commits, 1,000 branches, both daemons up',
    ours: { label: 'jzfs', run: fetch },
    others: [{ label: 'git fetch', atMost: 4, run: () => timeCommands([git(theirs, 'fetch', '-q')]) }],
    peakAtMostBytes: 300 << 20,
    prepare: async () => {
      const history = branchedHistory(10_000 / bench.scale, 1000 / bench.scale)
      mkdirSync(clones)
      await Promise.all([makeOurHistory(source, history), makeGitHistory(gitSource, history)])
      const { repository } = publishAll(source, there)
      daemons = [await startDaemon(here), await startDaemon(there)]
      runQuietly(jzfs(clones, here, 'clone', '-q', '--no-checkout', `${daemons[1]!.address}/${repository}`, ours))
      runQuietly(git(clones, 'clone', '-q', '--no-checkout', `file://${gitSource}`, theirs))
      await fetch()
    },
    dispose: async () => {
      for (const daemon of daemons) await daemon.stop()
      discard(source, gitSource, clones, here, there)
    },
  }
}

/** A hundred files in ten folders, each commit changes one; branches stand at even distances. */
function branchedHistory(count: number, branches: number): SketchedHistory {
  const step = count / branches
  const tips = Array.from({ length: branches - 1 }, (_, nth) => [`topic-${nth}`, Math.floor(nth * step)] as const)
  return {
    branches: { ...Object.fromEntries(tips), main: count - 1 },
    *commits() {
      for (let at = 0; at < count; at++) {
        const number = at % 100
        const path = `folder-${number % 10}/file-${number}`
        yield {
          parents: at === 0 ? [] : [at - 1],
          message: `change ${at}`,
          files: [[path, seededBytes(100, at + 1)] as const],
        }
      }
    },
  }
}
