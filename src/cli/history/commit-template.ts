import { styleText } from 'node:util'

import { shortenCid } from '../../model/cid-text.ts'
import { type DateStyle, renderDate } from '../../model/commit/date-style.ts'
import type { Person } from '../../model/commit/person.ts'
import { InvalidError } from '../../model/errors.ts'
import { messageParts } from './commit-message.ts'
import type { CommitStyle, ShownCommit } from './commit-text.ts'
import { renderDecorations } from './decorations.ts'

/**
 * Puts a commit into a template with git's placeholders: `%H %h %T %t %P %p`, persons `%an %ae %al %ad %aD %ar %at %ai %aI %as`
 * and the same with `c`, `%d %D`, `%s %f %b %B`, `%n %% %x0a`, `%Cred`, `%C(bold blue)`, `%Creset`. What is none of them
 * stays as it is. InvalidError `usage` for a colour that does not exist.
 */
export function expandTemplate(template: string, shown: ShownCommit, style: CommitStyle): string {
  return template.replaceAll(PLACEHOLDER, (whole, ...groups: (string | undefined)[]) => {
    const [byte, color, colorName, person, field, plain] = groups
    if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16))
    if (color !== undefined) return escapeOf(color, style)
    if (colorName !== undefined) return escapeOf(colorName, style)
    if (person !== undefined) {
      return personField(person === 'a' ? shown.commit.author : shown.commit.committer, field as string, style)
    }
    return FIELDS[plain as string]?.(shown, style) ?? whole
  })
}

const PLACEHOLDER =
  /%(?:x([\dA-Fa-f]{2})|C\(([^)]*)\)|C(red|green|blue|reset)|([ac])([NnEeLldDrtiIs])|([HhTtPpdDsfbBn%]))/g

const FIELDS: Readonly<Record<string, (shown: ShownCommit, style: CommitStyle) => string>> = {
  H: ({ cid }) => cid.toString(),
  h: ({ cid }) => shortenCid(cid),
  T: ({ commit }) => commit.tree.toString(),
  t: ({ commit }) => shortenCid(commit.tree),
  P: ({ commit }) => commit.parents.join(' '),
  p: ({ commit }) => commit.parents.map(shortenCid).join(' '),
  d: (shown, style) => {
    const names = FIELDS['D']?.(shown, style) ?? ''
    return names === '' ? '' : ` (${names})`
  },
  D: ({ decorations }, { terminal, decorate }) => renderDecorations(terminal, decorations, decorate ?? 'short'),
  s: ({ commit }) => messageParts(commit.message).subject,
  f: ({ commit }) => fileNameOf(messageParts(commit.message).firstLines[0] ?? ''),
  b: ({ commit }) => messageParts(commit.message).body,
  B: ({ commit }) => commit.message,
  n: () => '\n',
  '%': () => '%',
}

/** The styles of the letters behind `%a` and `%c`; `%ad` follows `--date`. */
const DATES: Readonly<Record<string, DateStyle>> = {
  D: 'rfc',
  r: 'relative',
  t: 'unix',
  i: 'iso',
  I: 'iso-strict',
  s: 'short',
}

function personField({ name, email, date }: Person, field: string, style: CommitStyle): string {
  if (field === 'n' || field === 'N') return name
  if (field === 'e' || field === 'E') return email
  if (field === 'l' || field === 'L') return email.split('@', 1)[0] as string
  return renderDate(date, DATES[field] ?? style.date ?? 'default', style.now)
}

/** The subject as a part of a file name. */
function fileNameOf(subject: string): string {
  return subject
    .replaceAll(/[^\w.]+/g, '-')
    .replaceAll(/\.{2,}/g, '.')
    .replaceAll(/^-+|[-.]+$/g, '')
}

function escapeOf(text: string, { terminal }: CommitStyle): string {
  const words = text
    .replace(/^(?:auto|always),?/, '')
    .split(/[ ,]+/)
    .filter(Boolean)
  const escapes = words.map((word) => {
    if (word === 'reset') return '\u001b[0m'
    if (!COLORS.has(word)) {
      throw new InvalidError('usage', `there is no colour "${word}"`, { hint: `there are ${[...COLORS].join(', ')}` })
    }
    return styleText(COLOR_FORMATS[word] ?? (word as 'red'), '', { validateStream: false }).split('m', 1)[0] + 'm'
  })
  return terminal.color ? escapes.join('') : ''
}

const COLORS: ReadonlySet<string> = new Set([
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'bold',
  'dim',
  'italic',
  'ul',
  'reverse',
])
const COLOR_FORMATS: Readonly<Record<string, 'underline' | 'inverse'>> = { ul: 'underline', reverse: 'inverse' }
