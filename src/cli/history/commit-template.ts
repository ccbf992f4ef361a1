import { shortenLinkText } from '../../model/cid-text.ts'
import { type DateStyle, renderDate } from '../../model/commit/date-style.ts'
import type { Person } from '../../model/commit/person.ts'
import { messageParts } from './commit-message.ts'
import type { CommitStyle, ShownCommit } from './commit-text.ts'
import { renderDecorations } from './decorations.ts'
import { templateColor } from './template-color.ts'
import { type Padding, padField, readPadding, readWrapping, type Wrapping, wrapText } from './template-layout.ts'

/**
 * Puts a commit into a template with git's placeholders: `%H %h %T %t %P %p`, persons `%an %ae %al %ad %aD %ar %at %ai %aI %as %ah`
 * and the same with `c`, `%d %D %m`, `%s %f %b %B`, `%n %% %x0a`, `%Cred`, `%C(bold blue)`, `%C(auto)`, `%Creset`;
 * `%+b %-b % b` with a line feed or space for what is not empty; `%<(N)`, `%>(N,trunc)`, `%><(N)` and `%w(W,I,J)`. What is
 * none of them stays as it is. InvalidError `usage` for a colour that does not exist.
 */
export function expandTemplate(template: string, shown: ShownCommit, style: CommitStyle): string {
  const output = new TemplateOutput()
  for (const token of tokensOf(template)) {
    if (typeof token === 'string') output.add(token)
    else if (token.padding !== undefined) output.padding = token.padding
    else if (token.wrapping !== undefined) output.wrap(token.wrapping)
    else output.addField(token, fieldText(token, shown, style, output))
  }
  return output.finish()
}

/** A placeholder: its groups, and `+`, `-` or a space behind the `%`. */
interface Placeholder {
  whole: string
  modifier: string
  groups: readonly (string | undefined)[]
  padding?: Padding | undefined
  wrapping?: Wrapping | undefined
}

const PLACEHOLDER =
  /%(?:([<>]+\|?\([^)]*\))|w\(([^)]*)\)|([-+ ]?)(?:x([\dA-Fa-f]{2})|C\(([^)]*)\)|C(red|green|blue|reset)|([ac])([NnEeLlDdrtiIsh])|g([dDsneNE])|G([?SFKTGP])|([HhTtPpdDsfbBnmNe%])))/g

const COMPILED = new Map<string, (string | Placeholder)[]>()

function tokensOf(template: string): (string | Placeholder)[] {
  const known = COMPILED.get(template)
  if (known !== undefined) return known
  const tokens: (string | Placeholder)[] = []
  let at = 0
  for (const match of template.matchAll(PLACEHOLDER)) {
    const [whole, padding, wrapping, modifier = '', ...groups] = match
    if (match.index > at) tokens.push(template.slice(at, match.index))
    at = match.index + whole.length
    const layout = { padding: readPadding(padding), wrapping: readWrapping(wrapping) }
    const isLayout = padding !== undefined || wrapping !== undefined
    tokens.push(
      isLayout && layout.padding === undefined && layout.wrapping === undefined
        ? whole
        : { whole, modifier, groups, ...layout },
    )
  }
  if (at < template.length) tokens.push(template.slice(at))
  COMPILED.set(template, tokens)
  return tokens
}

/** What a template gives: padding is for the next field, wrapping for all up to the next. */
class TemplateOutput {
  #done = ''
  #text = ''
  #wrapping: Wrapping | undefined
  padding: Padding | undefined
  isAutoColored = false

  add(text: string): void {
    this.#text += text
  }

  addField({ modifier, groups }: Placeholder, field: string): void {
    // A colour takes no room.
    const isColor = groups[1] !== undefined || groups[2] !== undefined
    const text = this.padding === undefined || isColor ? field : padField(field, this.padding)
    if (!isColor) this.padding = undefined
    if (modifier === '-' && text === '') this.#text = this.#text.replace(/\n+$/, '')
    this.add((text === '' ? '' : (BEFORE[modifier] ?? '')) + text)
  }

  wrap(wrapping: Wrapping): void {
    this.#end()
    this.#wrapping = wrapping
  }

  finish(): string {
    this.#end()
    return this.#done
  }

  #end(): void {
    this.#done += this.#wrapping === undefined ? this.#text : wrapText(this.#text, this.#wrapping)
    this.#text = ''
  }
}

const BEFORE: Readonly<Record<string, string>> = { '+': '\n', ' ': ' ' }

function fieldText(placeholder: Placeholder, shown: ShownCommit, style: CommitStyle, output: TemplateOutput): string {
  const [byte, color, colorName, person, field, reflog, signature, plain] = placeholder.groups
  if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16))
  if (color !== undefined || colorName !== undefined) {
    output.isAutoColored = color === 'auto'
    return templateColor(color ?? (colorName as string), style.terminal)
  }
  if (person !== undefined) {
    return personField(person === 'a' ? shown.commit.author : shown.commit.committer, field as string, style)
  }
  // Only a walk through a reflog has what these stand for, and no commit is signed.
  if (reflog !== undefined) return ''
  if (signature !== undefined) return signature === '?' ? 'N' : signature === 'T' ? 'undefined' : ''
  const text = FIELDS[plain as string]?.(shown, style) ?? placeholder.whole
  return output.isAutoColored && /^[Hh]$/.test(plain as string) && style.terminal.color
    ? `\u001b[33m${text}\u001b[m`
    : text
}

const FIELDS: Readonly<Record<string, (shown: ShownCommit, style: CommitStyle) => string>> = {
  H: ({ id }) => id,
  h: ({ id }) => shortenLinkText(id),
  T: ({ commit }) => commit.tree,
  t: ({ commit }) => shortenLinkText(commit.tree),
  P: ({ commit }) => commit.parents.join(' '),
  p: ({ commit }) => commit.parents.map(shortenLinkText).join(' '),
  d: (shown, style) => {
    const names = FIELDS['D']?.(shown, style) ?? ''
    return names === '' ? '' : ` (${names})`
  },
  D: ({ decorations }, { terminal, decorate }) => renderDecorations(terminal, decorations, decorate ?? 'short'),
  m: ({ mark }) => mark ?? '>',
  s: ({ commit }) => messageParts(commit.message).subject,
  f: ({ commit }) => fileNameOf(messageParts(commit.message).firstLines[0] ?? ''),
  b: ({ commit }) => messageParts(commit.message).body,
  B: ({ commit }) => commit.message,
  // There are no notes, and all text is UTF-8.
  N: () => '',
  e: () => '',
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
  h: 'human',
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
