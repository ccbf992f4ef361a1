import { quoteName } from '../../model/quote-name.ts'
import type { ChangeCounts } from './change-counts.ts'
import { diffStatus, type FileDiff } from './file-diff.ts'
import { changeLabel } from './render-stat.ts'

/** Whether fields end with NUL and paths stand as they are (`-z`), or lines end with a line feed and paths are quoted. */
export interface FieldOptions {
  zero: boolean
}

/** `M\tpath`, and for a rename `R100\tfrom\tto`: git's `--name-status`. */
export function renderNameStatus(diff: FileDiff, { zero }: FieldOptions): string {
  const letter = diffStatus(diff)
  const fields = [letter === 'R' ? 'R100' : letter, ...(diff.from === undefined ? [] : [diff.from]), diff.path]
  if (zero) return fields.map((field) => `${field}\0`).join('')
  return `${[fields[0], ...fields.slice(1).map(quoteName)].join('\t')}\n`
}

/** The path alone: git's `--name-only`. */
export function renderName({ path }: FileDiff, { zero }: FieldOptions): string {
  return zero ? `${path}\0` : `${quoteName(path)}\n`
}

/** Lines added, lines removed, path; `-` for what is no text: git's `--numstat`. */
export function renderNumbers(counts: ChangeCounts, { zero }: FieldOptions): string {
  const numbers = counts.isBinary ? '-\t-\t' : `${counts.added}\t${counts.removed}\t`
  if (!zero) return `${numbers}${changeLabel(counts)}\n`
  return counts.from === undefined ? `${numbers}${counts.path}\0` : `${numbers}\0${counts.from}\0${counts.path}\0`
}
