import type { LineChange } from '../text/line-changes.ts'

/** Lines of the blamed text that one version of a file has, all below each other in both. Lines count from 0. */
export interface LineSpan {
  /** The first line in the blamed text. */
  start: number
  /** The same line in the version. */
  line: number
  count: number
}

/** Which lines of a version were there in the one before, as lines of that one, and which were not. */
export interface DividedSpans {
  passed: LineSpan[]
  kept: LineSpan[]
}

/**
 * Divides spans, in the order of their lines in the version, by the changes that made the version of the one before. The spans
 * given are not to be used any more.
 */
export function divideSpans(
  spans: readonly LineSpan[],
  changes: readonly LineChange[],
  shiftBehind: number,
): DividedSpans {
  const divided: DividedSpans = { passed: [], kept: [] }
  let next = 0
  for (const span of spans) {
    // A line may be in two spans: it came here by two ways.
    while (next > 0 && (changes[next - 1] as LineChange).after.end > span.line) next--
    const end = span.line + span.count
    for (let line = span.line; line < end;) {
      while (next < changes.length && (changes[next] as LineChange).after.end <= line) next++
      const change = changes[next]
      const isKept = change !== undefined && change.after.start <= line
      const stop = Math.min(end, change === undefined ? end : isKept ? change.after.end : change.after.start)
      const shift = isKept ? 0 : change === undefined ? shiftBehind : change.before.start - change.after.start
      const part = isKept ? divided.kept : divided.passed
      if (line === span.line && stop === end) {
        // Most spans stay whole through many versions.
        span.line += shift
        part.push(span)
      } else part.push({ start: span.start + line - span.line, line: line + shift, count: stop - line })
      line = stop
    }
  }
  return divided
}

/** Spans in the order of their lines in the version. */
export function orderSpans(spans: readonly LineSpan[]): LineSpan[] {
  return spans.toSorted((a, b) => a.line - b.line)
}
