import { indexChildren } from './index-children.ts'
import {
  directoryKey,
  findDirectory,
  isKnown,
  knownDirectory,
  setKnown,
  setStale,
  staleDirectory,
} from './index-directories.ts'
import type { KnownDirectory, StaleDirectory } from './index-directories.ts'
import type { StagingIndex } from './staging-index.ts'

/** Entries [from, to) of an index that stay, and where they begin in the next one. */
export interface Run {
  from: number
  to: number
  next: number
}

/** From so many entries on a changed directory is updated: it may be sharded, and building all shards anew is dear. */
const LARGE_DIRECTORY = 2048

/**
 * Takes over what is known of directories: their CIDs where nothing below them changed, and for large ones where something
 * did, what they were and which of their entries changed. `changed` are the byte strings of all changed paths, sorted.
 */
export function carryDirectories(
  before: StagingIndex,
  after: StagingIndex,
  runs: readonly Run[],
  changed: readonly string[],
): void {
  const old = before.directories
  const touched = directoriesAbove(changed)
  let run = 0
  for (let directory = 0; directory < old.first.length; directory++) {
    const from = old.first[directory] as number
    const to = from + (old.entries[directory] as number)
    while (run < runs.length && (runs[run] as Run).to <= from) run++
    const known = isKnown(old, directory)
    if (!known && staleDirectory(old, directory) === undefined) continue
    const kept = runs[run]
    const isWhole = kept === undefined ? before.count === 0 : kept.from <= from && to <= kept.to
    const key = isWhole && touched.size === 0 ? undefined : directoryKey(before.columns, old, directory)
    if (!isWhole || (key !== undefined && touched.has(key))) {
      carryStale(before, directory, after, key as string, changed)
      continue
    }
    const next = kept === undefined ? 0 : from - kept.from + kept.next
    carryWhole(before, directory, after, next)
  }
}

/** The byte strings of all directories above paths. */
function directoriesAbove(paths: readonly string[]): Set<string> {
  const above = new Set<string>()
  if (paths.length > 0) above.add('')
  for (const path of paths) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash)
      if (above.has(parent)) break
      above.add(parent)
    }
  }
  return above
}

function carryWhole(before: StagingIndex, directory: number, after: StagingIndex, first: number): void {
  const key = directoryKey(before.columns, before.directories, directory)
  const next = findDirectory(after.columns, after.directories, key, first)
  const known = knownDirectory(before.directories, directory)
  if (known === undefined)
    setStale(after.directories, next, staleDirectory(before.directories, directory) as StaleDirectory)
  else setKnown(after.directories, next, known)
}

function carryStale(
  before: StagingIndex,
  directory: number,
  after: StagingIndex,
  key: string,
  changed: readonly string[],
): void {
  const size = after.directories.entries[0] as number
  if (size < LARGE_DIRECTORY || (before.directories.entries[directory] as number) < LARGE_DIRECTORY) return
  const prefix = key === '' ? '' : `${key}/`
  const next = findDirectory(after.columns, after.directories, key, after.lowerBoundOfKey(prefix))
  if (next === -1 || !isLarge(after, next, prefix.length)) return
  const stale = staleDirectory(before.directories, directory)
  const names = new Set(stale?.names)
  for (let at = lowerBound(changed, prefix); changed[at]?.startsWith(prefix) === true; at++) {
    const path = changed[at] as string
    const slash = path.indexOf('/', prefix.length)
    names.add(path.slice(prefix.length, slash === -1 ? undefined : slash))
  }
  // With many changes a build from scratch is as fast.
  if (names.size > (after.directories.entries[next] as number) / 8) return
  const { cid } = stale ?? (knownDirectory(before.directories, directory) as KnownDirectory)
  setStale(after.directories, next, { cid, names: [...names] })
}

function isLarge(index: StagingIndex, directory: number, prefixLength: number): boolean {
  if ((index.directories.entries[directory] as number) < LARGE_DIRECTORY) return false
  let children = 0
  for (const _child of indexChildren(index, directory, prefixLength)) if (++children === LARGE_DIRECTORY) return true
  return false
}

function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
