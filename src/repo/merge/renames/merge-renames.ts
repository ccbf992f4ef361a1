import type { BlockSource } from '../../../model/block.ts'
import type { Rename } from '../../renames/find-renames.ts'
import type { TreeChanges } from '../collection.ts'
import type { BlockReceiver } from '../file-mode.ts'
import type { ContentOptions } from '../merge-content.ts'
import type { MergeNotes } from '../merge-notes.ts'
import { otherSide, type Side } from '../merge-plan.ts'
import type { TreeLookup } from '../tree-lookup.ts'
import type { MergeOptions } from '../tree-merge.ts'
import { detectRenames, type DetectionOptions, type RenameEnd } from './detect-renames.ts'
import { type DirectoryRenames, dropMovedByBoth, findDirectoryRenames } from './directory-renames.ts'
import { followRenames, type Move } from './follow-renames.ts'
import { markConflict } from './mark-conflict.ts'
import { createPlanFiles } from './plan-files.ts'
import { type Redirected, redirectAdditions } from './redirect-additions.ts'

/** With what the renames of a merge are found and followed. */
export interface RenameMerge {
  source: BlockSource
  receive: BlockReceiver
  lookup: TreeLookup
  notes: MergeNotes
  options: ContentOptions & DetectionOptions & { directoryRenames: NonNullable<MergeOptions['directoryRenames']> }
}

/**
 * Finds what each side moved, where that matters to the other side's changes, and changes the plan so that versions of a
 * file meet where it is now, and files added to a directory that was moved are offered its new place.
 */
export async function mergeRenames(merge: RenameMerge, changes: TreeChanges): Promise<void> {
  const { source, receive, lookup, notes, options } = merge
  const found: Record<Side, Rename<RenameEnd>[]> = { ours: [], theirs: [] }
  for (const side of ['ours', 'theirs'] as const) {
    if (!changes.candidates[side].removed.some(({ relevance }) => relevance !== undefined)) continue
    const { renames, isLimited } = await detectRenames(source, changes.candidates[side], options)
    found[side] = renames
    if (isLimited) noteLimit(notes, options)
  }
  const files = createPlanFiles(changes, lookup, source, options)
  const redirected = await redirect(merge, changes, found, files)
  const moves: Move[] = []
  for (const side of ['ours', 'theirs'] as const) {
    moves.push(...changes.candidates[side].moves.map((move) => ({ side, ...move })))
    for (const { before, after } of found[side]) {
      const to = redirected[side].targets.get(after.path)
      if (before.relevance !== 'content' && to === undefined) continue
      moves.push({ side, from: before.path, to: to ?? after.path })
    }
  }
  await followRenames({ source, receive, options, files, notes }, moves)
  for (const { stayed } of [redirected.ours, redirected.theirs]) {
    for (const [path, message] of stayed) markConflict(notes, await files.at(path), 'directory-rename', message)
  }
}

async function redirect(
  { lookup, notes, options }: RenameMerge,
  { candidates }: TreeChanges,
  found: Record<Side, Rename<RenameEnd>[]>,
  files: ReturnType<typeof createPlanFiles>,
): Promise<Record<Side, Redirected>> {
  const { labels, directoryRenames } = options
  const nothing = (): Redirected => ({ targets: new Map(), stayed: new Map() })
  const redirected = { ours: nothing(), theirs: nothing() }
  if (directoryRenames === 'ignore') return redirected
  const went: Record<Side, DirectoryRenames> = {
    ours: findDirectoryRenames(found.ours, candidates.ours),
    theirs: findDirectoryRenames(found.theirs, candidates.theirs),
  }
  dropMovedByBoth(went.ours, went.theirs)
  for (const side of ['ours', 'theirs'] as const) {
    const from = new Map(found[side].map(({ before, after }) => [after.path, before.path]))
    const additions = candidates[side].added.map(({ path }) => ({ path, from: from.get(path) }))
    const redirection = { files, lookup, notes, labels, directoryRenames }
    redirected[side] = await redirectAdditions(redirection, side, additions, {
      moved: went[otherSide(side)],
      own: went[side],
    })
  }
  return redirected
}

function noteLimit(notes: MergeNotes, { renameLimit }: DetectionOptions): void {
  const text = `more than ${renameLimit} files were removed and added: files that were both moved and changed were only found where they keep their name`
  notes.add('rename-limit', '', text)
}
