import { diffLines } from '../../repo/text/diff-lines.ts'
import type { Hunk } from './hunks.ts'
import type { PatchLine, PatchPart } from './render-patch.ts'

/** How words that changed are shown: `[-gone-]{+new+}`, by colours alone, or piece by piece for programs. */
export type WordStyle = 'plain' | 'color' | 'porcelain'

/** How lines are compared word by word. */
export interface WordRules {
  style: WordStyle
  /** What a word is, without the flag `y`; undefined: what stands between white space. */
  word?: RegExp | undefined
}

/** The lines of a hunk with changes word by word, as `git diff --word-diff` shows them. */
export function* renderWordHunk({ lines }: Hunk, rules: WordRules): Generator<PatchLine> {
  const changed = { before: '', after: '' }
  for (const line of [...lines, undefined]) {
    if (line?.startsWith('\\') === true) continue
    if (line?.startsWith('-') === true) changed.before += `${line.slice(1)}\n`
    else if (line?.startsWith('+') === true) changed.after += `${line.slice(1)}\n`
    else {
      yield* renderWords(changed, rules)
      changed.before = ''
      changed.after = ''
      if (line !== undefined) yield* unchangedLine(line, rules)
    }
  }
}

function* unchangedLine(line: string, { style }: WordRules): Generator<PatchLine> {
  if (style !== 'porcelain') {
    yield { text: line.slice(1), part: 'context' }
    return
  }
  yield { text: line, part: 'context' }
  yield { text: '~', part: 'context' }
}

interface Texts {
  before: string
  after: string
}

function* renderWords({ before, after }: Texts, { style, word }: WordRules): Generator<PatchLine> {
  const writer = new WordLines(style)
  if (after === '') writer.write(before, 'removed')
  else {
    const [old, fresh] = [wordsOf(before, word), wordsOf(after, word)]
    let written = 0
    for (const change of compareWords(before, old, after, fresh)) {
      writer.write(after.slice(written, change.after.start), 'context')
      writer.write(before.slice(change.before.start, change.before.end), 'removed')
      writer.write(after.slice(change.after.start, change.after.end), 'added')
      written = change.after.end
    }
    writer.write(after.slice(written), 'context')
  }
  yield* writer.finish()
}

/** Where a word is in its text. */
interface Word {
  start: number
  end: number
}

function wordsOf(text: string, word: RegExp = /[^\t-\r ]+/): Word[] {
  const words: Word[] = []
  for (const match of text.matchAll(new RegExp(word.source, `${word.flags.replace('g', '')}g`))) {
    const end = match[0].indexOf('\n')
    const length = end === -1 ? match[0].length : end
    if (length > 0) words.push({ start: match.index, end: match.index + length })
  }
  return words
}

/** The pieces of both texts that differ, from their first word to their last. */
function* compareWords(before: string, old: readonly Word[], after: string, fresh: readonly Word[]) {
  const numbers = new Map<string, number>()
  const classify = (text: string, words: readonly Word[]) =>
    Int32Array.from(words, ({ start, end }) => {
      const word = text.slice(start, end)
      const number = numbers.get(word) ?? numbers.size
      numbers.set(word, number)
      return number
    })
  for (const change of diffLines(classify(before, old), classify(after, fresh))) {
    yield { before: pieceOf(old, change.before), after: pieceOf(fresh, change.after) }
  }
}

/** An empty piece stands behind the word before it. */
function pieceOf(words: readonly Word[], { start, end }: Word): Word {
  const behind = words[start - 1]?.end ?? 0
  if (start === end) return { start: behind, end: behind }
  return { start: (words[start] as Word).start, end: (words[end - 1] as Word).end }
}

const MARKS: Readonly<Record<WordStyle, Partial<Record<PatchPart, readonly [string, string]>>>> = {
  plain: { removed: ['[-', '-]'], added: ['{+', '+}'] },
  color: {},
  porcelain: { removed: ['-', ''], added: ['+', ''], context: [' ', ''] },
}

/** Pieces of text as lines. */
class WordLines {
  readonly #style: WordStyle
  #pieces: { text: string; part: PatchPart }[] = []
  readonly #lines: PatchLine[] = []

  constructor(style: WordStyle) {
    this.#style = style
  }

  write(text: string, part: PatchPart): void {
    const [open, close] = MARKS[this.#style][part] ?? ['', '']
    for (const [at, line] of text.split('\n').entries()) {
      if (at > 0) this.#endLine()
      if (line === '') continue
      this.#pieces.push({ text: open + line + close, part })
      if (this.#style === 'porcelain') this.#flush()
    }
  }

  finish(): readonly PatchLine[] {
    if (this.#pieces.length > 0) this.#flush()
    return this.#lines
  }

  #endLine(): void {
    if (this.#style === 'porcelain') this.#pieces.push({ text: '~', part: 'context' })
    this.#flush()
  }

  #flush(): void {
    const [first = { text: '', part: 'context' }, ...more] = this.#pieces
    this.#lines.push(more.length === 0 ? { ...first } : { ...first, more })
    this.#pieces = []
  }
}
