import { InvalidError } from '../../model/errors.ts'

/** The forms of commits that have a name. */
export type NamedFormat = 'oneline' | 'short' | 'medium' | 'full' | 'fuller' | 'raw' | 'reference'

/** How a commit is shown. */
export type CommitFormat =
  | { kind: 'named'; name: NamedFormat }
  /** A text with placeholders; `separates` says that line feeds stand between commits, not behind each. */
  | { kind: 'template'; template: string; separates: boolean }

const NAMES: ReadonlySet<string> = new Set([
  'oneline',
  'short',
  'medium',
  'full',
  'fuller',
  'raw',
  'reference',
] satisfies NamedFormat[])

/** Reads the value of `--format` or `--pretty`. InvalidError `usage` where it is no format. */
export function readCommitFormat(text: string): CommitFormat {
  if (NAMES.has(text)) return { kind: 'named', name: text as NamedFormat }
  if (text.startsWith('format:')) return { kind: 'template', template: text.slice('format:'.length), separates: true }
  const template = text.startsWith('tformat:') ? text.slice('tformat:'.length) : text
  if (template !== text || text === '' || text.includes('%')) return { kind: 'template', template, separates: false }
  throw new InvalidError('usage', `there is no format "${text}"`, {
    hint: `there are ${[...NAMES].join(', ')}, and templates like "%h %an %s"`,
  })
}

/** Whether commits stand apart with a line between them, or one directly below the other. */
export function isSeparated(format: CommitFormat): boolean {
  return format.kind === 'template' ? format.separates : format.name !== 'oneline' && format.name !== 'reference'
}
