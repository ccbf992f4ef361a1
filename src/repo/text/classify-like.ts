import type { LineClasses } from './line-classes.ts'
import { type Lines, splitLines } from './lines.ts'

/** A text with the numbers of its lines. */
export interface ClassifiedText {
  readonly lines: Lines
  readonly classes: Int32Array
}

/** Lines that are compared at once. */
const MAX_RUN = 32
/** Below this many, lines are compared one by one. */
const MIN_RUN = 4
/** How far ahead is looked for a line with which both texts go on alike. */
const REACH = 64
const LINE_FEED = 10

/** Takes a text apart and gives its lines their numbers. */
export function classifyText(classes: LineClasses, bytes: Uint8Array): ClassifiedText {
  const lines = splitLines(bytes)
  return { lines, classes: classes.classify(lines) }
}

/** The same for a text that is much like another one: of lines that both have, the other's numbers are taken. */
export function classifyLike(classes: LineClasses, bytes: Uint8Array, like: ClassifiedText): ClassifiedText {
  const reader = new LikeReader(classes, bytes, like)
  return reader.read()
}

class LikeReader {
  readonly #classes: LineClasses
  readonly #bytes: Buffer
  readonly #like: ClassifiedText
  readonly #likeBytes: Buffer
  #starts: Uint32Array
  #numbers: Int32Array
  /** Where the next line starts, its number from the top, and the line of the other text that it is expected to be. */
  #at = 0
  #line = 0
  #expected = 0

  constructor(classes: LineClasses, bytes: Uint8Array, like: ClassifiedText) {
    this.#classes = classes
    this.#bytes = asBuffer(bytes)
    this.#like = like
    this.#likeBytes = asBuffer(like.lines.bytes)
    const capacity = like.lines.count + 2 * MAX_RUN
    this.#starts = new Uint32Array(capacity)
    this.#numbers = new Int32Array(capacity)
  }

  read(): ClassifiedText {
    let run = MAX_RUN
    while (this.#at < this.#bytes.length) {
      this.#reserve(MAX_RUN + 1)
      if (run >= MIN_RUN) {
        run = this.#takeRun(run) ? Math.min(run * 2, MAX_RUN) : run >> 2
      } else if (this.#isExpectedLine()) {
        this.#takeExpected()
        run++
      } else {
        this.#takeLine()
        run = 0
      }
    }
    this.#starts[this.#line] = this.#bytes.length
    const lines = { bytes: this.#bytes, count: this.#line, starts: this.#starts.subarray(0, this.#line + 1) }
    return { lines, classes: this.#numbers.subarray(0, this.#line) }
  }

  /** Takes over lines that stand in both texts, if they do. */
  #takeRun(length: number): boolean {
    const { starts, count } = this.#like.lines
    const [first, last] = [this.#expected, Math.min(this.#expected + length, count)]
    if (first === last) return false
    const [from, to] = [starts[first] as number, starts[last] as number]
    const end = this.#at + to - from
    if (end > this.#bytes.length || this.#bytes.compare(this.#likeBytes, from, to, this.#at, end) !== 0) return false
    if (this.#bytes[end - 1] !== LINE_FEED && end < this.#bytes.length) return false
    for (let line = first; line < last; line++) this.#takeExpected()
    return true
  }

  #isExpectedLine(): boolean {
    const { starts, count } = this.#like.lines
    if (this.#expected === count) return false
    const [from, to] = [starts[this.#expected] as number, starts[this.#expected + 1] as number]
    const end = this.#at + to - from
    if (end > this.#bytes.length) return false
    for (let at = 0; at < to - from; at++) if (this.#bytes[this.#at + at] !== this.#likeBytes[from + at]) return false
    return this.#bytes[end - 1] === LINE_FEED || end === this.#bytes.length
  }

  #takeExpected(): void {
    const { starts } = this.#like.lines
    this.#starts[this.#line] = this.#at
    this.#numbers[this.#line++] = this.#like.classes[this.#expected] as number
    this.#at += (starts[this.#expected + 1] as number) - (starts[this.#expected] as number)
    this.#expected++
  }

  #takeLine(): void {
    const feed = this.#bytes.indexOf(LINE_FEED, this.#at)
    const end = feed === -1 ? this.#bytes.length : feed + 1
    const number = this.#classes.classOf(this.#bytes, this.#at, end)
    this.#starts[this.#line] = this.#at
    this.#numbers[this.#line++] = number
    this.#at = end
    const { classes } = this.#like
    const reach = Math.min(this.#expected + REACH, classes.length)
    for (let line = this.#expected; line < reach; line++) {
      if (classes[line] !== number) continue
      this.#expected = line + 1
      return
    }
  }

  #reserve(lines: number): void {
    if (this.#line + lines <= this.#numbers.length) return
    const capacity = this.#numbers.length * 2
    const [starts, numbers] = [new Uint32Array(capacity), new Int32Array(capacity)]
    starts.set(this.#starts)
    numbers.set(this.#numbers)
    this.#starts = starts
    this.#numbers = numbers
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
