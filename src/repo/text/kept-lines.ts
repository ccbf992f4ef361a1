import type { LineRange } from './line-changes.ts'

/** How many neighbours on each side are looked at before a frequent line is left out. */
const WINDOW = 100
/** A frequent line is left out where lines without partner are at least this many times the frequent ones around it. */
const LONE_RUN = 4
const MAX_FREQUENT = 1024

const LONE = 0
const ORDINARY = 1
const FREQUENT = 2

/** Lines of a text: their numbers, and where they stand. */
export interface KeptLines {
  classes: Int32Array
  positions: Int32Array
}

/**
 * The lines that are worth comparing, as git chooses them. Lines that the other text does not have are
 * marked as changed, and so are those that it has very often, among lines that it does not have.
 */
export function keptLines(own: Int32Array, other: Int32Array, range: LineRange, flags: Uint8Array): KeptLines {
  const kinds = kindsOf(own, other, range)
  const [classes, positions] = [new Int32Array(kinds.length), new Int32Array(kinds.length)]
  let count = 0
  for (let at = 0; at < kinds.length; at++) {
    const kind = kinds[at] as number
    if (kind === ORDINARY || (kind === FREQUENT && !isAmongLone(kinds, at))) {
      classes[count] = own[range.start + at] as number
      positions[count++] = range.start + at
    } else flags[range.start + at] = 1
  }
  return { classes: classes.subarray(0, count), positions: positions.subarray(0, count) }
}

function kindsOf(own: Int32Array, other: Int32Array, { start, end }: LineRange): Uint8Array {
  const counts = occurrences(other)
  const frequent = Math.min(roughRoot(own.length), MAX_FREQUENT)
  const kinds = new Uint8Array(end - start)
  for (let at = start; at < end; at++) {
    const count = counts[own[at] as number] ?? 0
    kinds[at - start] = count === 0 ? LONE : count >= frequent ? FREQUENT : ORDINARY
  }
  return kinds
}

function occurrences(classes: Int32Array): Int32Array {
  let last = -1
  for (const each of classes) if (each > last) last = each
  const counts = new Int32Array(last + 1)
  for (const each of classes) counts[each] = (counts[each] as number) + 1
  return counts
}

function isAmongLone(kinds: Uint8Array, at: number): boolean {
  const above = countAround(kinds, at, -1)
  const below = countAround(kinds, at, 1)
  if (above.lone === 0 || below.lone === 0) return false
  const frequent = above.frequent + below.frequent
  return frequent * LONE_RUN < frequent + above.lone + below.lone
}

/** Counts up to the next ordinary line. The line itself counts as a frequent one. */
function countAround(kinds: Uint8Array, at: number, step: 1 | -1): { lone: number; frequent: number } {
  let [lone, frequent] = [0, 1]
  for (let distance = 1; distance <= WINDOW; distance++) {
    const kind = kinds[at + step * distance]
    if (kind === undefined || kind === ORDINARY) break
    if (kind === LONE) lone++
    else frequent++
  }
  return { lone, frequent }
}

/** A power of two near the square root. */
export function roughRoot(number: number): number {
  let root = 1
  for (let left = number; left > 0; left >>= 2) root *= 2
  return root
}
