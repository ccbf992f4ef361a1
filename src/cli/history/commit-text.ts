import { shortenLinkText } from '../../model/cid-text.ts'
import { type DateStyle, renderDate } from '../../model/commit/date-style.ts'
import { formatIdentity, type Person } from '../../model/commit/person.ts'
import type { PlainCommit } from '../../model/commit/plain-commit.ts'
import { styled } from '../style.ts'
import type { Terminal } from '../terminal.ts'
import type { CommitFormat, NamedFormat } from './commit-format.ts'
import { indentMessage, messageParts } from './commit-message.ts'
import { expandTemplate } from './commit-template.ts'
import { type Decoration, type DecorationStyle, renderDecorations } from './decorations.ts'

/** A commit to be shown. */
export interface ShownCommit {
  /** The text of its CID. */
  id: string
  commit: PlainCommit
  decorations: readonly Decoration[]
  /** `<` or `>`: the side of `a...b` that it is from, where that is shown. */
  mark?: string | undefined
  /** The parent that a merge is compared with, where it is shown once for each. */
  from?: string
}

/** How commits are shown. */
export interface CommitStyle {
  terminal: Pick<Terminal, 'color'>
  format: CommitFormat
  /** Undefined: as the format has it. */
  date: DateStyle | undefined
  now: Date
  /** Undefined: without refs. */
  decorate: DecorationStyle | undefined
  /** Whether CIDs are shortened where the format shows whole ones. */
  abbreviate: boolean
}

/** The text of a commit, without the line feed that ends or separates commits. */
export function renderCommit(shown: ShownCommit, style: CommitStyle): string {
  const { format } = style
  if (format.kind === 'template') return expandTemplate(format.template, shown, style)
  if (format.name === 'oneline') return `${heading(shown, style, '')} ${messageParts(shown.commit.message).subject}`
  if (format.name === 'reference') return reference(shown, style)
  if (format.name === 'raw') return `${heading(shown, style)}\n${linesOf(rawLines(shown.commit))}${message(shown)}`
  return `${heading(shown, style)}\n${header(shown.commit, style, format.name)}${message(shown, format.name)}`
}

function heading({ id, decorations, mark, from }: ShownCommit, style: CommitStyle, word = 'commit '): string {
  const { terminal, decorate, abbreviate } = style
  const shownId = (each: string) => (abbreviate ? shortenLinkText(each) : each)
  const marked = mark === undefined ? word : `${word}${mark} `
  const parent = from === undefined ? '' : ` (from ${shownId(from)})`
  const text = styled(terminal, 'yellow', `${marked}${shownId(id)}${parent}`)
  if (decorate === undefined || decorations.length === 0) return text
  const [open, close] = [styled(terminal, 'yellow', ' ('), styled(terminal, 'yellow', ')')]
  return `${text}${open}${renderDecorations(terminal, decorations, decorate)}${close}`
}

function reference({ id, commit }: ShownCommit, { date, now }: CommitStyle): string {
  const { subject } = messageParts(commit.message)
  return `${shortenLinkText(id)} (${subject}, ${renderDate(commit.author.date, date ?? 'short', now)})`
}

function header({ parents, author, committer }: PlainCommit, style: CommitStyle, name: NamedFormat): string {
  const merge = parents.length > 1 ? `Merge: ${parents.map(shortenLinkText).join(' ')}\n` : ''
  const date = (person: Person) => renderDate(person.date, style.date ?? 'default', style.now)
  if (name === 'fuller') {
    const written = `Author:     ${formatIdentity(author)}\nAuthorDate: ${date(author)}\n`
    return `${merge}${written}Commit:     ${formatIdentity(committer)}\nCommitDate: ${date(committer)}\n`
  }
  const by = `${merge}Author: ${formatIdentity(author)}\n`
  if (name === 'medium') return `${by}Date:   ${date(author)}\n`
  return name === 'full' ? `${by}Commit: ${formatIdentity(committer)}\n` : by
}

/** A commit with its links as text, or as CIDs. */
type RawCommit = Pick<PlainCommit, 'author' | 'committer'> & {
  tree: { toString(): string }
  parents: readonly { toString(): string }[]
}

/** The lines of a commit before its message as git keeps them; dates in seconds. */
export function rawLines({ tree, parents, author, committer }: RawCommit): string[] {
  const person = (label: string, each: Person) =>
    `${label} ${formatIdentity(each)} ${renderDate(each.date, 'raw', new Date(0))}`
  return [
    `tree ${tree.toString()}`,
    ...parents.map((parent) => `parent ${parent.toString()}`),
    person('author', author),
    person('committer', committer),
  ]
}

/** The message, indented, below an empty line; nothing where there is none. */
function message({ commit }: ShownCommit, name?: NamedFormat): string {
  const indented =
    name === 'short'
      ? indentMessage(messageParts(commit.message).firstLines.join('\n'), 'tabs')
      : indentMessage(commit.message, name === undefined ? 'tabs' : 'spaces')
  return indented === '' ? '' : `\n${indented}`
}

function linesOf(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}
