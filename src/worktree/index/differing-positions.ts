import { isKnown } from './index-directories.ts'
import { FORM_SHIFT, FORM_WHOLE, KIND_MASK } from './index-entry.ts'
import type { StagingIndex } from './staging-index.ts'

/** A path at which two indexes have something else. */
export interface DifferingPosition {
  /** Where it stands in the first and in the second index; undefined where it does not. */
  from: number | undefined
  to: number | undefined
  /** How far the first one was gone through. */
  reached: number
}

/** Where two indexes without conflicts differ in content or kind, in their order; stat data do not matter. */
export function* differingPositions(
  before: StagingIndex,
  after: StagingIndex,
): Generator<DifferingPosition, void, undefined> {
  const [a, b] = [createCursor(before), createCursor(after)]
  while (a.position < before.count || b.position < after.count) {
    if (a.position === a.nextDirectory && b.position === b.nextDirectory && skipEqualDirectory(a, b)) continue
    const order = comparePaths(a, b)
    const reached = a.position
    if (order === 0) {
      const isSame = isSameEntry(a, b)
      advance(a)
      advance(b)
      if (!isSame) yield { from: reached, to: b.position - 1, reached }
    } else if (order < 0) {
      advance(a)
      yield { from: reached, to: undefined, reached }
    } else {
      advance(b)
      yield { from: undefined, to: b.position - 1, reached }
    }
  }
}

interface Cursor {
  index: StagingIndex
  position: number
  /** The first directory that does not begin before the position, and where it begins. */
  directory: number
  nextDirectory: number
}

function createCursor(index: StagingIndex): Cursor {
  return { index, position: 0, directory: 0, nextDirectory: 0 }
}

function advance(cursor: Cursor, entries = 1): void {
  cursor.position += entries
  if (cursor.nextDirectory >= cursor.position) return
  const { first } = cursor.index.directories
  while (cursor.directory < first.length && (first[cursor.directory] as number) < cursor.position) cursor.directory++
  cursor.nextDirectory = first[cursor.directory] ?? Infinity
}

/** Goes past a directory that begins here in both, and is known to be the same. */
function skipEqualDirectory(a: Cursor, b: Cursor): boolean {
  const here = a.index.directories
  const there = b.index.directories
  // Several directories may begin at one entry, the outer ones first: those of the same depth stand side by side.
  for (let nth = 0; ; nth++) {
    const [from, to] = [a.directory + nth, b.directory + nth]
    if (here.first[from] !== a.position || there.first[to] !== b.position) return false
    if (!isSameDirectory(a, from, b, to)) continue
    advance(a, here.entries[from])
    advance(b, there.entries[to])
    return true
  }
}

function isSameDirectory(a: Cursor, from: number, b: Cursor, to: number): boolean {
  const [here, there] = [a.index.directories, b.index.directories]
  if (!isKnown(here, from) || here.bits[from] !== there.bits[to]) return false
  // Where CIDs stand among the extras, the entries are compared.
  if (((here.bits[from] as number) & 0b11) === FORM_WHOLE) return false
  const length = here.pathLength[from] as number
  if (length !== there.pathLength[to] || !hasSameBytes(here.digests, from * 32, there.digests, to * 32, 32))
    return false
  const [x, y] = [a.index.columns, b.index.columns]
  const [start, other] = [x.pathStart[a.position] as number, y.pathStart[b.position] as number]
  return hasSameBytes(x.paths, start, y.paths, other, length)
}

function comparePaths(a: Cursor, b: Cursor): number {
  if (a.position === a.index.count) return 1
  if (b.position === b.index.count) return -1
  const x = a.index.columns
  const y = b.index.columns
  const start = x.pathStart[a.position] as number
  const end = x.pathStart[a.position + 1] as number
  const other = y.pathStart[b.position] as number
  const otherEnd = y.pathStart[b.position + 1] as number
  if (end - start === otherEnd - other && hasSameBytes(x.paths, start, y.paths, other, end - start)) return 0
  return x.paths.compare(y.paths, other, otherEnd, start, end)
}

function isSameEntry(a: Cursor, b: Cursor): boolean {
  const x = a.index.columns
  const y = b.index.columns
  const bits = x.bits[a.position] as number
  const others = y.bits[b.position] as number
  const form = (bits >> FORM_SHIFT) & 0b11
  if ((bits & KIND_MASK) !== (others & KIND_MASK) || form !== ((others >> FORM_SHIFT) & 0b11)) return false
  if (form === FORM_WHOLE) return a.index.cid(a.position).equals(b.index.cid(b.position))
  return hasSameBytes(x.digests, a.position * 32, y.digests, b.position * 32, 32)
}

/** From the end, where paths of one folder differ. In a loop: a call of `Buffer.compare` costs more than these few bytes. */
function hasSameBytes(a: Uint8Array, start: number, b: Uint8Array, other: number, length: number): boolean {
  for (let at = length - 1; at >= 0; at--) if (a[start + at] !== b[other + at]) return false
  return true
}
