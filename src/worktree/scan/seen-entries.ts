import { RACY, STAGE_MASK } from '../index/index-entry.ts'
import type { IndexColumns, StagingIndex } from '../index/staging-index.ts'
import type { LookAhead } from './look-ahead.ts'

/**
 * Which files of an index are known to be as it has them: those that were seen, of entries that it has as the index has that
 * they were compared with; and those that got new stat data since, as what was written just now has. To be asked at any
 * time: more may be seen until then.
 */
export function seenEntries(ahead: LookAhead, index: StagingIndex): (position: number) => boolean {
  const places = placesIn(ahead.index, index)
  return (position) => {
    const place = places[position] as number
    return place === WRITTEN || (place !== UNKNOWN && ahead.hasSeen(place))
  }
}

const UNKNOWN = -1
const WRITTEN = -2

/** Where the entries of `index` stand in `before`, or one of the constants. */
function placesIn(before: StagingIndex, index: StagingIndex): Int32Array {
  const places = new Int32Array(index.count)
  const { bits, mtimeNs } = index.columns
  const isSame = compareStamps(before.columns, index.columns)
  const isAligned = before.columns.paths === index.columns.paths
  let from = 0
  for (let position = 0; position < index.count; position++) {
    const key = isAligned ? '' : index.key(position)
    if (isAligned) from = position
    else while (from < before.count && before.key(from) < key) from++
    const isThere = isAligned || (from < before.count && before.key(from) === key)
    if (isThere && isSame(from, position)) places[position] = from
    else if (((bits[position] as number) & (RACY | STAGE_MASK)) !== 0 || mtimeNs[position] === 0n)
      places[position] = UNKNOWN
    else places[position] = WRITTEN
  }
  return places
}

/** Tells whether kind, stage, size and stat data are the same. */
function compareStamps(before: IndexColumns, after: IndexColumns): (from: number, to: number) => boolean {
  // As halves: bigints are slow.
  const one = [before.mtimeNs, before.ctimeNs, before.inode].map(halves)
  const other = [after.mtimeNs, after.ctimeNs, after.inode].map(halves)
  const columns = one.map((column, at) => [column, other[at] as Int32Array] as const)
  return (from, to) =>
    before.bits[from] === after.bits[to] &&
    before.size[from] === after.size[to] &&
    columns.every(([a, b]) => a[2 * from] === b[2 * to] && a[2 * from + 1] === b[2 * to + 1])
}

function halves({ buffer, byteOffset, length }: BigInt64Array): Int32Array {
  return new Int32Array(buffer, byteOffset, 2 * length)
}
