import { shortenCid } from '../../model/cid-text.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { ChangeCounts } from './change-counts.ts'
import { diffStatus, type FileDiff, similarityIndex } from './file-diff.ts'
import { FILE_MODES } from './render-patch.ts'
import { changeLabel } from './render-stat.ts'

/** Whether fields end with NUL and paths stand as they are (`-z`), or lines end with a line feed and paths are quoted. */
export interface FieldOptions {
  zero: boolean
}

/** `M\tpath`, and for a rename `R100\tfrom\tto`: git's `--name-status`. */
export function renderNameStatus(diff: FileDiff, { zero }: FieldOptions): string {
  const letter = diffStatus(diff)
  const fields = [
    letter === 'R' ? `R${String(similarityIndex(diff)).padStart(3, '0')}` : letter,
    ...(diff.from === undefined ? [] : [diff.from]),
    // As git, of two files that were named it shows the first.
    diff.beforePath ?? diff.path,
  ]
  if (zero) return fields.map((field) => `${field}\0`).join('')
  return `${[fields[0], ...fields.slice(1).map(quoteName)].join('\t')}\n`
}

/** `:100644 100755 CID CID M\tpath` with short CIDs, `0` for a side that is not there: git's `--raw`. */
export function renderRaw(diff: FileDiff, options: FieldOptions): string {
  const sides = [diff.before, diff.after]
  const modes = sides.map((side) => (side === undefined ? '000000' : FILE_MODES[side.kind]))
  const cids = sides.map((side) => (side === undefined ? '0' : shortenCid(side.cid)))
  return `:${[...modes, ...cids].join(' ')} ${renderNameStatus(diff, options)}`
}

/** The path alone: git's `--name-only`. */
export function renderName({ path }: Pick<FileDiff, 'path'>, { zero }: FieldOptions): string {
  return zero ? `${path}\0` : `${quoteName(path)}\n`
}

/** Lines added, lines removed, path; `-` for what is no text: git's `--numstat`. */
export function renderNumbers(counts: ChangeCounts, { zero }: FieldOptions): string {
  const numbers = counts.isBinary ? '-\t-\t' : `${counts.added}\t${counts.removed}\t`
  if (!zero) return `${numbers}${changeLabel(counts)}\n`
  return counts.from === undefined ? `${numbers}${counts.path}\0` : `${numbers}\0${counts.from}\0${counts.path}\0`
}
