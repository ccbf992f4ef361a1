import { compareByteStrings, toByteString } from './byte-string.ts'
import { type ConflictNote, kindOfStages, type NotedStage, withNotes } from './conflict-notes.ts'
import { carryDirectories } from './index-carry.ts'
import type { Run } from './index-carry.ts'
import { ColumnWriter, createColumns, extraLength } from './index-columns.ts'
import { findDirectories } from './index-directories.ts'
import type { IndexEntry } from './index-entry.ts'
import { replaceEntries, type Replacement } from './replace-entries.ts'
import { StagingIndex } from './staging-index.ts'

/** What a path is to be: its entries at all stages (none removes it), or an entry of another index. */
export type IndexChange = { path: string; entries: readonly IndexEntry[] } | IndexedChange

/** A path that is to be as it is in another index: many of them take little memory. */
export interface IndexedChange {
  path: string
  from: StagingIndex
  position: number
}

interface KeyedChange {
  key: string
  change: IndexChange
  /** Where in the old index it goes. */
  position: number
}

/** An index with no entries. */
export function emptyIndex(): StagingIndex {
  const columns = createColumns(0, 0, 0, 0)
  return new StagingIndex(columns, findDirectories(columns), undefined)
}

/**
 * A new index with the changes made; the old one stays as it is.
 *
 * A path that becomes a file takes away what was below it, and a path below a file or an empty directory takes that away
 * (at stage 0). Directories that no change touches keep their known CIDs. Racy entries stay marked as racy. A path that is no
 * longer in conflict is noted as resolved, with the stages it had; `notes` stand for all that was known of conflicts.
 */
export function updateIndex(
  before: StagingIndex,
  changes: Iterable<IndexChange>,
  notes?: readonly ConflictNote[],
): StagingIndex {
  const sorted = keyChanges(before, changes)
  const known = notes ?? settleNotes(before, sorted)
  const keys = sorted.map(({ key }) => key)
  const replaced = replaceInPlace(before, sorted)
  if (replaced !== undefined) {
    const after = new StagingIndex(replaced.columns, replaced.directories, before.tree, undefined, known)
    carryDirectories(before, after, [{ from: 0, to: before.count, next: 0 }], keys)
    return after
  }
  const dropped = markDropped(before, sorted)
  const size = measure(before, sorted, dropped)
  const columns = createColumns(size.entries, size.pathBytes, size.extras, size.extraBytes)
  const writer = new ColumnWriter(columns)
  const runs: Run[] = []
  let from = 0
  for (const change of sorted) {
    copyKept(before, dropped, from, change.position, writer, runs)
    from = change.position
    writeChange(writer, change)
  }
  copyKept(before, dropped, from, before.count, writer, runs)
  const directories = findDirectories(columns)
  const after = new StagingIndex(columns, directories, before.tree, undefined, known)
  carryDirectories(before, after, runs, keys)
  return after
}

/** Where each change is another entry for a path that has one. */
function replaceInPlace(before: StagingIndex, changes: readonly KeyedChange[]): ReturnType<typeof replaceEntries> {
  if (changes.length === 0) return undefined
  const replacements: Replacement[] = []
  for (const { key, change, position } of changes) {
    if ('from' in change || position >= before.count || before.stage(position) !== 0) return undefined
    const [entry, ...others] = change.entries
    if (entry === undefined || entry.stage !== 0 || others.length > 0 || before.key(position) !== key) return undefined
    replacements.push({ position, entry })
  }
  return replaceEntries(before, replacements)
}

function keyChanges(before: StagingIndex, changes: Iterable<IndexChange>): KeyedChange[] {
  const keyed: KeyedChange[] = []
  let isSorted = true
  for (const change of changes) {
    const key = toByteString(change.path)
    const last = keyed.at(-1)
    if (last !== undefined && last.key >= key) isSorted = false
    keyed.push({ key, change, position: 0 })
  }
  if (!isSorted) keyed.sort((a, b) => compareByteStrings(a.key, b.key))
  // Of several changes of one path the last one holds.
  const unique = isSorted ? keyed : keyed.filter((change, at) => change.key !== keyed[at + 1]?.key)
  if (before.count > 0) for (const change of unique) change.position = before.lowerBoundOfKey(change.key)
  return unique
}

function writeChange(writer: ColumnWriter, { key, change }: KeyedChange): void {
  if ('from' in change) {
    writer.copyEntry(change.from, change.position)
    return
  }
  const { entries } = change
  const ordered = entries.length > 1 ? entries.toSorted((a, b) => a.stage - b.stage) : entries
  for (const entry of ordered) writer.append(key, entry)
}

/** What is known of conflicts once the changes are made. */
function settleNotes(before: StagingIndex, changes: readonly KeyedChange[]): readonly ConflictNote[] {
  const known = new Map(before.notes.map((note) => [note.path, note]))
  const settled: ConflictNote[] = []
  for (const { key, change, position } of changes) {
    const stages = stagesAt(before, position, key)
    const isInConflict = 'entries' in change && change.entries.some(({ stage }) => stage !== 0)
    if (stages.length === 0 || isInConflict) continue
    const note = known.get(change.path)
    const kind = note?.kind ?? kindOfStages(stages.map(({ stage }) => stage))
    settled.push({ path: change.path, kind, artefact: note?.artefact, resolved: stages })
  }
  return withNotes(before.notes, settled)
}

function stagesAt(index: StagingIndex, from: number, key: string): NotedStage[] {
  const stages: NotedStage[] = []
  for (let at = from; at < index.count && index.stage(at) !== 0 && index.key(at) === key; at++) {
    const { stage, kind, cid, contentCid, size, tsize } = index.entry(at)
    stages.push({ stage: stage as NotedStage['stage'], kind, cid, contentCid, size, tsize })
  }
  return stages
}

function isStaged(change: IndexChange): boolean {
  if ('from' in change) return change.from.stage(change.position) === 0
  return change.entries.some((entry) => entry.stage === 0)
}

/** Marks the old entries that do not stay: replaced or removed ones, and those in the way of what is added. */
function markDropped(before: StagingIndex, changes: readonly KeyedChange[]): Uint8Array {
  const dropped = new Uint8Array(before.count)
  if (before.count === 0) return dropped
  const parentsSeen = new Set<string>()
  for (const { key, change, position } of changes) {
    for (let at = position; at < before.count && before.key(at) === key; at++) dropped[at] = 1
    if (!isStaged(change)) continue
    for (let at = before.lowerBoundOfKey(`${key}/`); at < before.count && before.key(at).startsWith(`${key}/`); at++) {
      if (before.stage(at) === 0) dropped[at] = 1
    }
    for (let slash = key.lastIndexOf('/'); slash > 0; slash = key.lastIndexOf('/', slash - 1)) {
      const parent = key.slice(0, slash)
      if (parentsSeen.has(parent)) break
      parentsSeen.add(parent)
      const at = before.lowerBoundOfKey(parent)
      if (at < before.count && before.key(at) === parent && before.stage(at) === 0) dropped[at] = 1
    }
  }
  return dropped
}

function measure(
  before: StagingIndex,
  changes: readonly KeyedChange[],
  dropped: Uint8Array,
): { entries: number; pathBytes: number; extras: number; extraBytes: number } {
  const { pathStart, paths, extras } = before.columns
  let entries = before.count
  let pathBytes = paths.length
  for (let at = dropped.indexOf(1); at !== -1; at = dropped.indexOf(1, at + 1)) {
    entries--
    pathBytes -= (pathStart[at + 1] as number) - (pathStart[at] as number)
  }
  let extraCount = 0
  let extraBytes = 0
  for (const [at, entry] of extras.entry.entries()) {
    if (dropped[entry] === 1) continue
    extraCount++
    extraBytes += (extras.start[at + 1] as number) - (extras.start[at] as number)
  }
  for (const { key, change } of changes) {
    const lengths = 'from' in change ? [change.from.extra(change.position).length] : change.entries.map(extraLength)
    for (const extra of lengths) {
      entries++
      pathBytes += key.length
      if (extra > 0) extraCount++
      extraBytes += extra
    }
  }
  return { entries, pathBytes, extras: extraCount, extraBytes }
}

/** Copies the old entries [from, to) but the dropped ones, in runs. */
function copyKept(
  before: StagingIndex,
  dropped: Uint8Array,
  from: number,
  to: number,
  writer: ColumnWriter,
  runs: Run[],
): void {
  let start = from
  while (start < to) {
    if (dropped[start] === 1) {
      start++
      continue
    }
    const found = dropped.indexOf(1, start)
    const end = found === -1 || found > to ? to : found
    runs.push({ from: start, to: end, next: writer.count })
    writer.copy(before, start, end)
    start = end
  }
}
