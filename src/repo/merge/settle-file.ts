import type { BlockSource } from '../../model/block.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { NodeEntry } from '../../model/tree/tree-diff.ts'
import type { BlockReceiver } from './file-mode.ts'
import { type ContentOptions, markerSize, mergeContent } from './merge-content.ts'
import type { MergeNotes } from './merge-notes.ts'
import { type FileVersions, otherSide, type Side } from './merge-plan.ts'
import type { ConflictKind, ConflictStages, PathConflict } from './tree-merge.ts'

/** What files are settled with, and what becomes known meanwhile. */
export interface Settling {
  source: BlockSource
  receive: BlockReceiver
  options: ContentOptions
  conflicts: PathConflict[]
  notes: MergeNotes
  /** A path of this name, or the next one of its kind, that no tree has; it is taken from then on. */
  freePath(path: string): Promise<string>
}

/** A file that was decided: what stands at its path, and what had to be put beside it. */
export interface SettledFile {
  path: string
  /** Undefined: nothing stands there. */
  entry: NodeEntry | undefined
  /** Of two things that cannot share a path: the one that stands elsewhere. */
  aside?: { path: string; entry: NodeEntry }
}

/**
 * Decides what stands at a path, and records what is in conflict, as git's `process_entry` does. `isInTheWay` says that the
 * path is a directory in the merged tree: a file that is still wanted is moved aside.
 */
export async function settleFile(settling: Settling, file: FileVersions, isInTheWay: boolean): Promise<SettledFile> {
  const { path, stages } = file
  if (isRemoved(file)) return { path, entry: undefined }
  const { ours, theirs } = stages
  if (isInTheWay) return settleAside(settling, file)
  if (ours !== undefined && theirs !== undefined && isSymlink(ours) !== isSymlink(theirs)) {
    return settleTypes(settling, file, ours, theirs)
  }
  const decided = await decide(settling, file)
  if (decided.conflict !== undefined) await record(settling, file, decided)
  return { path, entry: decided.entry }
}

/** Whether nothing is left of it: it was followed to elsewhere, or one side removed what the other left alone. */
function isRemoved({ isGone, stages: { base, ours, theirs }, conflict }: FileVersions): boolean {
  if (isGone) return true
  if (base === undefined) return false
  if (ours === undefined && theirs === undefined) return conflict === undefined
  const only = ours ?? theirs
  const isOneLeft = ours === undefined || theirs === undefined
  return isOneLeft && conflict === undefined && only?.cid.equals(base.cid) === true
}

interface Decision {
  entry: NodeEntry | undefined
  /** What is wrong with it; undefined: nothing. */
  conflict?: { kind: ConflictKind; message: string } | undefined
  stages?: ConflictStages
}

/** Decides a path at which nothing but files (or nothing but symlinks) meet. */
async function decide(settling: Settling, file: FileVersions): Promise<Decision> {
  const { ours, theirs, base } = file.stages
  if (ours !== undefined && theirs !== undefined) {
    return decideContent(settling, file, { base, ours, theirs })
  }
  if (ours === undefined && theirs === undefined) return { entry: undefined, conflict: file.conflict }
  const side: Side = ours === undefined ? 'theirs' : 'ours'
  const kept = (ours ?? theirs) as NodeEntry
  if (base === undefined) return { entry: kept, conflict: file.conflict }
  const isChanged = !kept.cid.equals(base.cid)
  const modified = isChanged ? modifyDelete(settling, file, side) : undefined
  if (modified !== undefined && file.conflict !== undefined) note(settling, file.path, modified.message)
  const { depth } = settling.options
  return { entry: depth > 0 ? base : kept, conflict: file.conflict ?? modified }
}

function modifyDelete({ options }: Settling, { path, paths }: FileVersions, side: Side): Decision['conflict'] {
  const [changed, removed] = [options.labels[side], options.labels[otherSide(side)]]
  const name = quoteName(path)
  const was = paths.base === path ? name : `${quoteName(paths.base)} (now ${name})`
  return {
    kind: side === 'ours' ? 'modify-delete' : 'delete-modify',
    message: `CONFLICT (modify/delete): ${was} was deleted in ${removed} and changed in ${changed}; the version of ${changed} is left in the tree`,
  }
}

async function decideContent(
  settling: Settling,
  file: FileVersions,
  stages: { base: NodeEntry | undefined; ours: NodeEntry; theirs: NodeEntry },
): Promise<Decision> {
  const { source, receive, options } = settling
  const merged = await mergeContent(
    source,
    receive,
    { stages, paths: file.paths },
    { ...options, markerSize: markerSize(options) },
  )
  if (merged.isTextMerged) {
    settling.notes.add('merged', file.path, `Auto-merging ${quoteName(file.path)}`)
  }
  const { entry } = merged
  if (merged.conflict === undefined) return { entry, conflict: file.conflict }
  const found = contentConflict(file, merged.conflict)
  if (file.conflict !== undefined) note(settling, file.path, found.message)
  return { entry, conflict: file.conflict ?? found }
}

function contentConflict(
  { path, collision, stages }: FileVersions,
  found: 'content' | 'binary' | 'symlink' | 'mode',
): { kind: ConflictKind; message: string } {
  const name = quoteName(path)
  if (found === 'binary') {
    return { kind: collision ?? found, message: `CONFLICT (binary): ${name} cannot be merged line by line` }
  }
  if (found === 'symlink') return { kind: found, message: `CONFLICT (symlink): ${name} leads to two places` }
  if (found === 'mode') return { kind: found, message: `CONFLICT (mode): ${name} is executable on one side only` }
  const kind = collision ?? (stages.base === undefined ? 'add-add' : 'content')
  return { kind, message: `CONFLICT (${kind.replace('-', '/')}): Merge conflict in ${name}` }
}

/** A file that is a directory in the merged tree: it is moved aside, and is a conflict there. */
async function settleAside(settling: Settling, file: FileVersions): Promise<SettledFile> {
  const { stages } = file
  if (stages.ours === undefined && stages.theirs === undefined) return { path: file.path, entry: undefined }
  const side: Side = file.isDirectoryInOurs ? 'theirs' : 'ours'
  const label = settling.options.labels[side]
  const path = await settling.freePath(besidePath(file.path, label))
  // Where it belongs is in conflict anyway: what counts is whether its content is.
  const { conflict: _, ...content } = file
  const decided = await decide(settling, { ...content, path })
  if (decided.conflict !== undefined) note(settling, path, decided.conflict.message)
  const message = `CONFLICT (file/directory): directory in the way of ${quoteName(file.path)} from ${label}; moving it to ${quoteName(path)} instead`
  const { entry } = decided
  const isMerged = stages.ours !== undefined && stages.theirs !== undefined && decided.conflict === undefined
  const left = isMerged && entry !== undefined ? { [side]: entry } : stages
  await record(settling, { ...file, path }, { entry, stages: left, conflict: { kind: 'file-directory', message } })
  if (entry === undefined) return { path: file.path, entry }
  return { path: file.path, entry: undefined, aside: { path, entry } }
}

/** A symlink against a file: the file is moved aside. In a virtual base, what its own base has. */
async function settleTypes(
  settling: Settling,
  file: FileVersions,
  ours: NodeEntry,
  theirs: NodeEntry,
): Promise<SettledFile> {
  const { path, stages } = file
  if (settling.options.depth > 0) return { path, entry: stages.base }
  const moved: Side = isSymlink(ours) ? 'theirs' : 'ours'
  const label = settling.options.labels[moved]
  const beside = await settling.freePath(besidePath(path, label))
  const message = `CONFLICT (distinct types): ${quoteName(path)} is a symlink on one side and a file on the other; the file of ${label} is ${quoteName(beside)}`
  const versions = { ours, theirs }
  for (const side of ['ours', 'theirs'] as const) {
    const entry = versions[side]
    const base = stages.base !== undefined && isSymlink(stages.base) === isSymlink(entry) ? stages.base : undefined
    await record(
      settling,
      { ...file, path: side === moved ? beside : path },
      { entry, stages: { ...(base && { base }), [side]: entry }, conflict: { kind: 'symlink', message } },
    )
  }
  return { path, entry: versions[otherSide(moved)], aside: { path: beside, entry: versions[moved] } }
}

/** Adds a conflict; theirs of a file that was not merged is named as an artefact. */
async function record(settling: Settling, { path, stages }: FileVersions, decision: Decision): Promise<void> {
  const { conflict } = decision
  if (conflict === undefined) return
  note(settling, path, conflict.message)
  const found: PathConflict = { path, ...conflict, stages: decision.stages ?? stages, entry: decision.entry }
  const { theirs, ours } = found.stages
  const isWhole = ours !== undefined && theirs !== undefined && !isSymlink(ours)
  if (isWhole && decision.entry?.node.contentCid.equals(ours.node.contentCid) === true && conflict.kind !== 'mode') {
    const isDifferent = !ours.node.contentCid.equals(theirs.node.contentCid)
    if (isDifferent) found.artefact = { path: await settling.freePath(besidePath(path, 'theirs')), entry: theirs }
  }
  settling.conflicts.push(found)
}

function note({ notes }: Settling, path: string, text: string): void {
  notes.add('conflict', path, text)
}

/** git's name for what stands beside a path; a slash of a branch's name would be a directory. */
function besidePath(path: string, label: string): string {
  return `${path}~${label.replaceAll('/', '_')}`
}

function isSymlink({ node }: NodeEntry): boolean {
  return node.kind === 'symlink'
}
