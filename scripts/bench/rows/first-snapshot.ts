import { join } from 'node:path'

import { clean, homeOf, oursSnapshot, type Bench, type Folder } from '../bench.ts'
import { diskWrite } from '../disk.ts'
import { timeCommands } from '../measure.ts'
import type { Contender, Row } from '../row.ts'
import { git, initKubo, jzfs, kubo, runQuietly } from '../tools.ts'

/** Nothing is stored yet; the folder is added and committed. */
export function firstSnapshot(
  bench: Bench,
  work: string,
  make: () => Folder,
  atMost: { git?: number; kubo?: number; disk?: number },
  diskBytes?: number,
): Row {
  let data: Folder
  const ours: Contender = {
    label: 'jzfs',
    run: () => {
      clean(data.path, bench)
      runQuietly(jzfs(data.path, homeOf(bench), 'init'))
      return timeCommands(oursSnapshot(data.path, bench), { durable: true })
    },
  }
  const gitSnapshot: Contender & { atMost?: number } = {
    label: 'git',
    ...(atMost.git === undefined ? {} : { atMost: atMost.git }),
    run: () => {
      clean(data.path, bench)
      runQuietly(git(data.path, 'init', '-q'))
      return timeCommands([git(data.path, 'add', '-A'), git(data.path, 'commit', '-qm', 'bench')], { durable: true })
    },
  }
  const disk = diskBytes === undefined ? [] : [diskWrite(bench, [diskBytes], atMost.disk)]
  return {
    work,
    ours,
    others: [gitSnapshot, ...kuboAdd(bench, () => data.path, atMost.kubo), ...disk],
    peakAtMostBytes: 250 << 20,
    prepare: () => void (data = make()),
    dispose: () => clean(data.path, bench),
  }
}

function kuboAdd(bench: Bench, path: () => string, atMost: number | undefined): (Contender & { atMost?: number })[] {
  const { kubo: binary } = bench
  if (binary === undefined) return []
  const repository = join(bench.directory, 'ipfs')
  return [
    {
      label: 'ipfs add -r',
      ...(atMost === undefined ? {} : { atMost }),
      run: () => {
        clean(path(), bench)
        initKubo(binary, repository)
        return timeCommands([kubo(binary, path(), repository, 'add', '-r', '-Q', '--hidden', '--offline', '.')], {
          durable: true,
        })
      },
    },
  ]
}
