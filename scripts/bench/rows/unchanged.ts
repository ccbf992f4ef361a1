import { clean, commitInBoth, homeOf, type Bench, type Folder } from '../bench.ts'
import { timeCommands } from '../measure.ts'
import type { Row } from '../row.ts'
import { git, jzfs } from '../tools.ts'

/** Both tools have committed the folder; then the command finds nothing to do. */
export function unchanged(bench: Bench, work: string, make: () => Folder, args: string[], atMost: number): Row {
  let data: Folder
  return {
    work,
    ours: { label: 'jzfs', run: () => timeCommands([jzfs(data.path, homeOf(bench), ...args)]) },
    others: [{ label: 'git status', atMost, run: () => timeCommands([git(data.path, 'status')]) }],
    prepare: () => {
      data = make()
      commitInBoth(data.path, bench)
    },
    dispose: () => clean(data.path, bench),
  }
}
