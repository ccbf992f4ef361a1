import type { Lines } from '../../repo/text/lines.ts'

/**
 * Which differences in white space count for none: `all` of them (git's `-w`), the `amount` of it (`-b`), that `at-end` of a
 * line, or a carriage return there (`cr-at-end`).
 */
export type IgnoredWhitespace = 'all' | 'amount' | 'at-end' | 'cr-at-end'

/** Lines as they are compared: those that differ in ignored white space alone become equal. */
export function withoutWhitespace({ bytes, count, starts }: Lines, ignored: IgnoredWhitespace): Lines {
  const compared = new Uint8Array(bytes.length)
  const comparedStarts = new Uint32Array(count + 1)
  let length = 0
  for (let line = 0; line < count; line++) {
    comparedStarts[line] = length
    const [start, end] = [starts[line] as number, starts[line + 1] as number]
    length = STRIPS[ignored](bytes, start, end, compared, length)
  }
  comparedStarts[count] = length
  return { bytes: compared.subarray(0, length), count, starts: comparedStarts }
}

/** Whether a line has nothing but white space that is ignored; by default only an empty one is blank. */
export function isBlankLine({ bytes, starts }: Lines, line: number, ignored: IgnoredWhitespace | undefined): boolean {
  const [start, end] = [starts[line] as number, starts[line + 1] as number]
  if (ignored === undefined) return end - start <= 1 && (end === start || bytes[start] === LINE_FEED)
  for (let at = start; at < end; at++) if (!isSpace(bytes[at] as number)) return false
  return true
}

/** Copies a line as it is compared to `target` at `to`, and returns where it ends there. */
type Strip = (bytes: Uint8Array, start: number, end: number, target: Uint8Array, to: number) => number

const STRIPS: Record<IgnoredWhitespace, Strip> = {
  all(bytes, start, end, target, to) {
    let length = to
    for (let at = start; at < end; at++) if (!isSpace(bytes[at] as number)) target[length++] = bytes[at] as number
    return length
  },
  amount(bytes, start, end, target, to) {
    let length = to
    const last = trimmedEnd(bytes, start, end)
    for (let at = start; at < last; at++) {
      const byte = bytes[at] as number
      if (!isSpace(byte)) target[length++] = byte
      else if (!isSpace(bytes[at + 1] as number)) target[length++] = SPACE
    }
    return length
  },
  'at-end'(bytes, start, end, target, to) {
    return copy(bytes, start, trimmedEnd(bytes, start, end), target, to)
  },
  'cr-at-end'(bytes, start, end, target, to) {
    const last = end > start && bytes[end - 1] === LINE_FEED ? end - 1 : end
    const isReturn = last > start && bytes[last - 1] === CARRIAGE_RETURN
    return copy(bytes, start, isReturn ? last - 1 : last, target, to)
  },
}

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const SPACE = 32

function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= 9 && byte <= 13)
}

function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let last = end
  while (last > start && isSpace(bytes[last - 1] as number)) last--
  return last
}

function copy(bytes: Uint8Array, start: number, end: number, target: Uint8Array, to: number): number {
  target.set(bytes.subarray(start, end), to)
  return to + end - start
}
