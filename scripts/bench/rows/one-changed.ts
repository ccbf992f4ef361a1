import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { clean, commitInBoth, oursSnapshot, type Bench, type Folder } from '../bench.ts'
import { seededBytes } from '../dataset.ts'
import { timeCommands, type CommandLine } from '../measure.ts'
import type { Row } from '../row.ts'
import { git, initKubo, kubo, runQuietly } from '../tools.ts'

/** One file of a committed folder gets other content, and is committed. */
export function oneChanged(bench: Bench, make: () => Folder): Row {
  const { kubo: binary } = bench
  const repository = join(bench.directory, 'ipfs')
  let data: Folder
  let round = 0
  const change = () => writeFileSync(data.sample.path, seededBytes(data.sample.sizeBytes, 1_000_000 + round++))
  const others: Row['others'] = []
  if (binary !== undefined) {
    const again = (): CommandLine =>
      kubo(binary, data.path, repository, 'add', '-r', '-Q', '--hidden', '--offline', '.')
    others.push({
      label: 'ipfs add -r',
      atMost: 0.15,
      run: () => {
        change()
        return timeCommands([again()], { durable: true })
      },
    })
  }
  others.push({
    label: 'git',
    run: () => {
      change()
      return timeCommands([git(data.path, 'add', '-A'), git(data.path, 'commit', '-qm', 'bench')], { durable: true })
    },
  })
  return {
    work: 'one of 20,000 files changed: add + commit',
    ours: {
      label: 'jzfs',
      run: () => {
        change()
        return timeCommands(oursSnapshot(data.path, bench), { durable: true })
      },
    },
    others,
    prepare: () => {
      data = make()
      commitInBoth(data.path, bench)
      if (binary === undefined) return
      initKubo(binary, repository)
      runQuietly(kubo(binary, data.path, repository, 'add', '-r', '-Q', '--hidden', '--offline', '.'))
    },
    dispose: () => clean(data.path, bench),
  }
}
