import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { clean, homeOf, oursSnapshot, type Bench } from '../bench.ts'
import { timeCommands } from '../measure.ts'
import type { Row } from '../row.ts'
import { bareNode, jzfs, runQuietly } from '../tools.ts'

/** What a command costs that has next to nothing to do. */
export function startUps(bench: Bench): Row[] {
  const path = join(bench.directory, 'tiny')
  const prepare = () => {
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'a.txt'), 'a\n')
    clean(path, bench)
    runQuietly(jzfs(path, homeOf(bench), 'init'))
    for (const command of oursSnapshot(path, bench)) runQuietly(command)
  }
  const row = (work: string, args: string[], atMost: number): Row => ({
    work,
    ours: { label: 'jzfs', run: () => timeCommands([jzfs(path, homeOf(bench), ...args)]) },
    others: [{ label: 'node -e 0', atMost, run: () => timeCommands([bareNode(path)]) }],
    prepare,
  })
  return [row('jzfs --version', ['--version'], 3), row('jzfs status in a small repository', ['status'], 4)]
}
