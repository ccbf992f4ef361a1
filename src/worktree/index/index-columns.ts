import { isAscii } from './byte-string.ts'
import { ASCII, bitsOfKind, FORM_SHIFT, FORM_WHOLE, formOfCid, HAS_CONTENT, RACY, STAGE_SHIFT } from './index-entry.ts'
import type { IndexEntry } from './index-entry.ts'
import { extraOf, NO_EXTRAS } from './index-extras.ts'
import type { IndexExtras } from './index-extras.ts'
import type { IndexColumns, StagingIndex } from './staging-index.ts'

/** Fills columns of the right size, in order. */
export class ColumnWriter {
  readonly #columns: IndexColumns
  count = 0
  #pathBytes = 0
  #extras = 0
  #extraBytes = 0
  /** How far the extras of the index that is copied from were read: runs come in order. */
  #extrasRead = 0

  constructor(columns: IndexColumns) {
    this.#columns = columns
  }

  /** Whether one more entry fits whose path and extras have up to so many bytes each. */
  hasRoom(bytes: number): boolean {
    const { bits, paths, extras } = this.#columns
    const isFull = this.count === bits.length
    return !isFull && this.#pathBytes + bytes <= paths.length && this.#extraBytes + bytes <= extras.bytes.length
  }

  /** A copy of what was written so far, of exactly its size. */
  trimmed(): IndexColumns {
    const { size, tsize, mtimeNs, ctimeNs, inode, pathStart, bits, digests, paths, extras } = this.#columns
    const { count } = this
    return {
      size: size.slice(0, count),
      tsize: tsize.slice(0, count),
      mtimeNs: mtimeNs.slice(0, count),
      ctimeNs: ctimeNs.slice(0, count),
      inode: inode.slice(0, count),
      pathStart: pathStart.slice(0, count + 1),
      bits: bits.slice(0, count),
      digests: Buffer.from(digests.subarray(0, count * 32)),
      paths: Buffer.from(paths.subarray(0, this.#pathBytes)),
      extras: {
        entry: extras.entry.slice(0, this.#extras),
        start: extras.start.slice(0, this.#extras + 1),
        bytes: Buffer.from(extras.bytes.subarray(0, this.#extraBytes)),
      },
    }
  }

  append(key: string, entry: IndexEntry): void {
    const columns = this.#columns
    const at = this.count++
    const form = formOfCid(entry.cid)
    let bits = bitsOfKind(entry.kind) | (entry.stage << STAGE_SHIFT) | (form << FORM_SHIFT)
    if (entry.racy) bits |= RACY
    if (isAscii(key)) bits |= ASCII
    columns.size[at] = entry.size
    columns.tsize[at] = entry.tsize
    columns.mtimeNs[at] = entry.mtimeNs
    columns.ctimeNs[at] = entry.ctimeNs
    columns.inode[at] = entry.inode
    this.#pathBytes += columns.paths.write(key, this.#pathBytes, 'latin1')
    columns.pathStart[at + 1] = this.#pathBytes
    const extra: Uint8Array[] = []
    if (form === FORM_WHOLE) extra.push(entry.cid.bytes)
    else columns.digests.set(entry.cid.multihash.digest, at * 32)
    if (hasContent(entry)) {
      bits |= HAS_CONTENT
      extra.push(entry.contentCid.bytes)
    }
    if (extra.length > 0) this.#appendExtra(at, extra)
    columns.bits[at] = bits
  }

  #appendExtra(entry: number, pieces: readonly Uint8Array[]): void {
    const { extras } = this.#columns
    extras.entry[this.#extras++] = entry
    for (const piece of pieces) {
      extras.bytes.set(piece, this.#extraBytes)
      this.#extraBytes += piece.length
    }
    extras.start[this.#extras] = this.#extraBytes
  }

  /** Copies one entry of any index. */
  copyEntry(index: StagingIndex, position: number): void {
    const source = index.columns
    const columns = this.#columns
    const at = this.count++
    columns.size[at] = source.size[position] as number
    columns.tsize[at] = source.tsize[position] as number
    columns.mtimeNs[at] = source.mtimeNs[position] as bigint
    columns.ctimeNs[at] = source.ctimeNs[position] as bigint
    columns.inode[at] = source.inode[position] as bigint
    columns.bits[at] = source.bits[position] as number
    source.digests.copy(columns.digests, at * 32, position * 32, position * 32 + 32)
    const start = source.pathStart[position] as number
    this.#pathBytes += source.paths.copy(columns.paths, this.#pathBytes, start, source.pathStart[position + 1])
    columns.pathStart[at + 1] = this.#pathBytes
    const extra = index.extra(position)
    if (extra.length > 0) this.#appendExtra(at, [extra])
  }

  /** Copies the entries [from, to) of the one index that most come from, in order. */
  copy(index: StagingIndex, from: number, to: number): void {
    const source = index.columns
    const columns = this.#columns
    const at = this.count
    columns.size.set(source.size.subarray(from, to), at)
    columns.tsize.set(source.tsize.subarray(from, to), at)
    columns.mtimeNs.set(source.mtimeNs.subarray(from, to), at)
    columns.ctimeNs.set(source.ctimeNs.subarray(from, to), at)
    columns.inode.set(source.inode.subarray(from, to), at)
    columns.bits.set(source.bits.subarray(from, to), at)
    columns.digests.set(source.digests.subarray(from * 32, to * 32), at * 32)
    const start = source.pathStart[from] as number
    columns.paths.set(source.paths.subarray(start, source.pathStart[to]), this.#pathBytes)
    const shift = this.#pathBytes - start
    for (let position = from; position < to; position++) {
      columns.pathStart[at + position - from + 1] = (source.pathStart[position + 1] as number) + shift
    }
    this.#pathBytes += (source.pathStart[to] as number) - start
    this.count += to - from
    if (source.extras.entry.length > 0) this.#copyExtras(source.extras, from, to, at - from)
  }

  #copyExtras(extras: IndexExtras, from: number, to: number, shift: number): void {
    for (; (extras.entry[this.#extrasRead] as number) < to; this.#extrasRead++) {
      const entry = extras.entry[this.#extrasRead] as number
      if (entry >= from) this.#appendExtra(entry + shift, [extraOf(extras, entry)])
    }
  }
}

/** How many bytes of the extras an entry takes. */
export function extraLength(entry: IndexEntry): number {
  const whole = formOfCid(entry.cid) === FORM_WHOLE ? entry.cid.bytes.length : 0
  return hasContent(entry) ? whole + entry.contentCid.bytes.length : whole
}

function hasContent(entry: IndexEntry): boolean {
  return entry.contentCid !== entry.cid && !entry.contentCid.equals(entry.cid)
}

/** Columns of exactly this size, to be filled by a ColumnWriter. */
export function createColumns(entries: number, pathBytes: number, extras: number, extraBytes: number): IndexColumns {
  return {
    size: new Float64Array(entries),
    tsize: new Float64Array(entries),
    mtimeNs: new BigInt64Array(entries),
    ctimeNs: new BigInt64Array(entries),
    inode: new BigInt64Array(entries),
    pathStart: new Uint32Array(entries + 1),
    bits: new Uint16Array(entries),
    digests: Buffer.alloc(entries * 32),
    paths: Buffer.allocUnsafeSlow(pathBytes),
    extras: createExtras(extras, extraBytes),
  }
}

function createExtras(count: number, bytes: number): IndexExtras {
  if (count === 0) return NO_EXTRAS
  return { entry: new Uint32Array(count), start: new Uint32Array(count + 1), bytes: Buffer.allocUnsafeSlow(bytes) }
}
