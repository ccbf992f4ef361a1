import type { BlockSource } from '../../../model/block.ts'
import { compareNames } from '../../../model/compare.ts'
import { quoteName } from '../../../model/quote-name.ts'
import type { NodeEntry } from '../../../model/tree/tree-diff.ts'
import type { BlockReceiver } from '../file-mode.ts'
import {
  type ContentOptions,
  type ContentVersions,
  markerSize,
  mergeContent,
  type MergedContent,
} from '../merge-content.ts'
import type { MergeNotes } from '../merge-notes.ts'
import { type FileVersions, otherSide, type Side } from '../merge-plan.ts'
import { markConflict } from './mark-conflict.ts'
import type { PlanFiles } from './plan-files.ts'

/** A file that one side moved, after its directory was followed too. */
export interface Move {
  side: Side
  from: string
  to: string
}

/** With what moves are followed. */
export interface Following {
  source: BlockSource
  receive: BlockReceiver
  options: ContentOptions
  files: PlanFiles
  notes: MergeNotes
}

/**
 * Brings together the versions of files that one side, or both, moved: what the base and the other side have at the old
 * path goes to the new one, and is decided there. What cannot go there is a conflict, as git's `process_renames` has it.
 */
export async function followRenames(following: Following, moves: readonly Move[]): Promise<void> {
  const targets = { ours: targetsOf(moves, 'ours'), theirs: targetsOf(moves, 'theirs') }
  const sorted = [...moves].sort((a, b) => compareNames(a.from, b.from) || compareNames(a.side, b.side))
  for (let at = 0; at < sorted.length; at++) {
    const move = sorted[at] as Move
    const next = sorted[at + 1]
    if (next?.from === move.from) {
      await followBoth(following, move.from, move.to, next.to)
      at++
    } else {
      await followOne(following, move, targets[otherSide(move.side)].has(move.to))
    }
  }
}

function targetsOf(moves: readonly Move[], side: Side): Set<string> {
  return new Set(moves.flatMap((move) => (move.side === side ? [move.to] : [])))
}

/** Both sides moved one file: to one place, or to two. */
async function followBoth(following: Following, from: string, ours: string, theirs: string): Promise<void> {
  const { files, notes, options } = following
  const old = await files.at(from)
  const base = old.stages.base as NodeEntry
  if (ours === theirs) {
    const both = await files.at(ours)
    both.stages.base = base
    leave(old, 'theirs')
    return
  }
  const places = { ours: await files.at(ours), theirs: await files.at(theirs) }
  const versions = { ours: places.ours.stages.ours as NodeEntry, theirs: places.theirs.stages.theirs as NodeEntry }
  const paths = { base: from, ours, theirs }
  const merged = await mergeMoved(following, from, { stages: { base, ...versions }, paths })
  const isWhole = merged.conflict !== undefined && merged.entry.cid.equals(versions.ours.cid)
  const isVirtual = options.depth > 0
  // In a virtual base, where nothing can be lost, git's choice of what both sides have at a new path: ours, followed or not.
  if (isVirtual && haveSame(places.ours)) places.ours.stages.theirs = merged.entry
  if (!isVirtual || !haveSame(places.theirs)) places.theirs.stages.theirs = isWhole ? versions.theirs : merged.entry
  places.ours.stages.ours = merged.entry
  const { labels } = options
  const message = `CONFLICT (rename/rename): ${quoteName(from)} was renamed to ${quoteName(ours)} in ${labels.ours} and to ${quoteName(theirs)} in ${labels.theirs}`
  for (const file of [old, places.ours, places.theirs]) markConflict(notes, file, 'rename-rename', message)
}

/** One side moved a file. */
async function followOne(following: Following, { side, from, to }: Move, isMovedByOther: boolean): Promise<void> {
  const { files } = following
  const other = otherSide(side)
  const old = await files.at(from)
  const target = await files.at(to)
  const { base, [other]: changed } = old.stages
  const moved = target.stages[side]
  if (old.isGone || base === undefined || moved === undefined) return
  const isOtherType = changed !== undefined && isSymlink(changed) !== isSymlink(moved)
  if (target.stages[other] !== undefined && !isOtherType) {
    await followInto(following, { side, from, to }, { old, target }, isMovedByOther ? 'rename-rename' : 'rename-add')
    return
  }
  target.stages.base = base
  target.paths.base = from
  if (isOtherType) {
    delete old.stages.base
    const message = `CONFLICT (modify/delete): ${quoteName(from)} was renamed to ${quoteName(to)} in ${following.options.labels[side]}, and is of another type in ${following.options.labels[other]}`
    if (target.stages[other] === undefined) markConflict(following.notes, target, 'rename-delete', message)
    return
  }
  if (changed === undefined) markDeleted(following, target, { side, from, to })
  else {
    target.stages[other] = changed
    target.paths[other] = from
  }
  leave(old, other)
}

/** A file was moved to where the other side has one too. */
async function followInto(
  following: Following,
  { side, from, to }: Move,
  { old, target }: { old: FileVersions; target: FileVersions },
  kind: 'rename-rename' | 'rename-add',
): Promise<void> {
  const { notes } = following
  const other = otherSide(side)
  const base = old.stages.base as NodeEntry
  const changed = old.stages[other]
  const moved = target.stages[side] as NodeEntry
  target.collision = kind
  if (changed === undefined) markDeleted(following, target, { side, from, to })
  else {
    const versions = { ours: moved, theirs: moved, [other]: changed }
    const paths = { base: from, ours: to, theirs: to, [other]: from }
    const merged = await mergeMoved(following, to, { stages: { base, ...versions }, paths })
    if (following.options.depth > 0 && haveSame(target)) {
      if (side === 'ours') target.stages = { ours: merged.entry, theirs: merged.entry }
      leave(old, other)
      return
    }
    target.stages[side] = merged.entry
    if (merged.conflict !== undefined) {
      const text = `CONFLICT (rename involved in collision): ${quoteName(from)}, renamed to ${quoteName(to)}, has conflicts of its own and meets another file there; marks may stand within marks`
      notes.add('conflict', to, text)
    }
  }
  leave(old, other)
}

function markDeleted({ notes, options: { labels } }: Following, target: FileVersions, { side, from, to }: Move): void {
  const message = `CONFLICT (rename/delete): ${quoteName(from)} was renamed to ${quoteName(to)} in ${labels[side]}, and deleted in ${labels[otherSide(side)]}`
  markConflict(notes, target, 'rename-delete', message)
}

type MovedVersions = Pick<ContentVersions, 'paths'> & { stages: Record<'base' | 'ours' | 'theirs', NodeEntry> }

/** Merges a file before it is known what else stands where it goes: marks may come to stand within others, and are larger. */
async function mergeMoved(
  { source, receive, options, notes }: Following,
  path: string,
  versions: MovedVersions,
): Promise<MergedContent & { entry: NodeEntry }> {
  const merged = await mergeContent(source, receive, versions, { ...options, markerSize: markerSize(options) + 1 })
  if (merged.isTextMerged) notes.add('merged', path, `Auto-merging ${quoteName(path)}`)
  return { ...merged, entry: merged.entry ?? versions.stages.base }
}

/** Nothing stays at an old path, but what was put there meanwhile. */
function leave(old: FileVersions, other: Side): void {
  delete old.stages.base
  delete old.stages[other]
  old.isGone = old.stages.ours === undefined && old.stages.theirs === undefined
}

function haveSame({ stages: { ours, theirs } }: FileVersions): boolean {
  return ours !== undefined && theirs?.cid.equals(ours.cid) === true
}

function isSymlink({ node }: NodeEntry): boolean {
  return node.kind === 'symlink'
}
