import type { CID } from 'multiformats/cid'

import { cidAtStart, cidOfForm, FORM_WHOLE, formOfCid } from './index-entry.ts'
import { extraOf, extrasOf, NO_EXTRAS } from './index-extras.ts'
import type { IndexExtras } from './index-extras.ts'
import type { IndexColumns } from './staging-index.ts'

/**
 * The directories of an index in the order of their paths, each before what is below it; the first one is the top.
 *
 * A directory's path is the first `pathLength` bytes of the path of its first entry. Its CID is known when nothing below
 * it changed since its tree was read or written. Directories with nothing in them are entries, and not here.
 */
export interface IndexDirectories {
  /** Position of the first entry below. */
  first: Uint32Array
  /** How many entries are below, at any depth. */
  entries: Uint32Array
  pathLength: Uint32Array
  tsize: Float64Array
  bits: Uint8Array
  /** 32 bytes per directory. */
  digests: Buffer
  extras: IndexExtras
}

/** The CID of a directory in the index, with the Tsize of a link to it. */
export interface KnownDirectory {
  cid: CID
  tsize: number
}

/** A directory that was known, and which of its entries changed since: a large one is updated, not built anew. */
export interface StaleDirectory {
  cid: CID
  /** Byte strings. */
  names: string[]
}

const FORM_MASK = 0b11
const KNOWN = 1 << 2
const STALE = 1 << 3

/** Finds the directories of a sorted list of paths; none is known yet. */
export function findDirectories(columns: IndexColumns): IndexDirectories {
  const { pathStart, paths, bits } = columns
  const first: number[] = [0]
  const entries: number[] = [bits.length]
  const pathLength: number[] = [0]
  // The directories that are open at the entry looked at, outermost first, as positions in the lists.
  const open: number[] = [0]
  let before = 0
  for (let position = 0; position < bits.length; position++) {
    const start = pathStart[position] as number
    const end = pathStart[position + 1] as number
    let deepest = pathLength[open.at(-1) as number] as number
    while (deepest > 0 && !continues(paths, before, start, end, deepest)) {
      const closed = open.pop() as number
      entries[closed] = position - (first[closed] as number)
      deepest = pathLength[open.at(-1) as number] as number
    }
    for (let at = start + deepest + 1; at < end; at++) {
      if (paths[at] !== 0x2f) continue
      open.push(first.length)
      first.push(position)
      entries.push(0)
      pathLength.push(at - start)
    }
    before = start
  }
  for (const closed of open) entries[closed] = bits.length - (first[closed] as number)
  return emptyDirectories(Uint32Array.from(first), Uint32Array.from(entries), Uint32Array.from(pathLength))
}

/** Whether the path at [start, end) is below the directory that is the first `length` bytes of the path at `before`. */
function continues(paths: Buffer, before: number, start: number, end: number, length: number): boolean {
  if (end - start <= length || paths[start + length] !== 0x2f) return false
  // From the end: siblings differ there.
  for (let at = length - 1; at >= 0; at--) if (paths[before + at] !== paths[start + at]) return false
  return true
}

function emptyDirectories(first: Uint32Array, entries: Uint32Array, pathLength: Uint32Array): IndexDirectories {
  return {
    first,
    entries,
    pathLength,
    tsize: new Float64Array(first.length),
    bits: new Uint8Array(first.length),
    digests: Buffer.alloc(first.length * 32),
    extras: NO_EXTRAS,
  }
}

/** Whether the CID of a directory is known. */
export function isKnown(directories: IndexDirectories, directory: number): boolean {
  return ((directories.bits[directory] as number) & KNOWN) !== 0
}

/** The CID of a directory, where it is known. */
export function knownDirectory(directories: IndexDirectories, directory: number): KnownDirectory | undefined {
  const bits = directories.bits[directory] as number
  if ((bits & KNOWN) === 0) return undefined
  const tsize = directories.tsize[directory] as number
  if ((bits & FORM_MASK) === FORM_WHOLE) return { cid: cidAtStart(extraOf(directories.extras, directory))[0], tsize }
  const digest = directories.digests.subarray(directory * 32, directory * 32 + 32)
  return { cid: cidOfForm(bits & FORM_MASK, digest), tsize }
}

/** Remembers the CID of a directory, in place. */
export function setKnown(directories: IndexDirectories, directory: number, { cid, tsize }: KnownDirectory): void {
  const form = formOfCid(cid)
  const wasStale = ((directories.bits[directory] as number) & STALE) !== 0
  directories.bits[directory] = KNOWN | form
  directories.tsize[directory] = tsize
  if (form !== FORM_WHOLE) directories.digests.set(cid.multihash.digest, directory * 32)
  if (form === FORM_WHOLE) setExtra(directories, directory, cid.bytes)
  else if (wasStale) setExtra(directories, directory, undefined)
}

/** What a directory was, where it is remembered. */
export function staleDirectory(directories: IndexDirectories, directory: number): StaleDirectory | undefined {
  if (((directories.bits[directory] as number) & STALE) === 0) return undefined
  const [cid, rest] = cidAtStart(extraOf(directories.extras, directory))
  const names = Buffer.from(rest.buffer, rest.byteOffset, rest.byteLength).toString('latin1').split('/')
  return { cid, names }
}

/** Remembers what a directory was, in place. */
export function setStale(directories: IndexDirectories, directory: number, { cid, names }: StaleDirectory): void {
  directories.bits[directory] = STALE
  setExtra(directories, directory, Buffer.concat([cid.bytes, Buffer.from(names.join('/'), 'latin1')]))
}

function setExtra(directories: IndexDirectories, directory: number, bytes: Uint8Array | undefined): void {
  const { extras } = directories
  const pieces: [number, Uint8Array][] = Array.from(extras.entry, (entry) => [entry, extraOf(extras, entry)])
  const others = pieces.filter(([entry]) => entry !== directory)
  const all: [number, Uint8Array][] = bytes === undefined ? others : [...others, [directory, bytes]]
  directories.extras = extrasOf(all.sort(([one], [other]) => one - other))
}

/** The byte string of a directory's path; '' for the top. */
export function directoryKey(columns: IndexColumns, directories: IndexDirectories, directory: number): string {
  const start = columns.pathStart[directories.first[directory] as number] as number
  return columns.paths.toString('latin1', start, start + (directories.pathLength[directory] as number))
}

/** The directory whose path has a byte string, or -1. */
export function findDirectory(
  columns: IndexColumns,
  directories: IndexDirectories,
  key: string,
  first: number,
): number {
  let low = 0
  let high = directories.first.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = (directories.first[middle] as number) - first
    if (order < 0 || (order === 0 && (directories.pathLength[middle] as number) < key.length)) low = middle + 1
    else high = middle
  }
  const isFound =
    low < directories.first.length &&
    directories.first[low] === first &&
    directories.pathLength[low] === key.length &&
    directoryKey(columns, directories, low) === key
  return isFound ? low : -1
}
