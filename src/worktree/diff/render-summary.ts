import { quoteName } from '../../model/quote-name.ts'
import { type FileDiff, similarityIndex } from './file-diff.ts'
import { renameLabel } from './rename-label.ts'
import { FILE_MODES } from './render-patch.ts'

/** What happened to a path as such, line by line: made, deleted, renamed, another mode. As git's `--summary`. */
export function* renderSummary(diff: FileDiff): Generator<string> {
  const { path, from, before, after, unmerged } = diff
  if (unmerged !== undefined) return
  const name = quoteName(path)
  if (before === undefined) yield ` create mode ${FILE_MODES[after?.kind ?? 'file']} ${name}\n`
  else if (after === undefined) yield ` delete mode ${FILE_MODES[before.kind]} ${name}\n`
  else {
    if (from !== undefined) yield ` rename ${renameLabel(from, path)} (${similarityIndex(diff)}%)\n`
    const modes = `${FILE_MODES[before.kind]} => ${FILE_MODES[after.kind]}`
    if (before.kind !== after.kind) yield ` mode change ${modes}${from === undefined ? ` ${name}` : ''}\n`
  }
}
