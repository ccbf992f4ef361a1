import { quoteName } from '../../../model/quote-name.ts'
import type { MergeNotes } from '../merge-notes.ts'
import { otherSide, type Side } from '../merge-plan.ts'
import type { TreeLookup } from '../tree-lookup.ts'
import type { MergeOptions } from '../tree-merge.ts'
import { type DirectoryRenames, movedPath, nearestAbove } from './directory-renames.ts'
import { markConflict } from './mark-conflict.ts'
import type { PlanFiles } from './plan-files.ts'

/** What a side added, or moved to there. */
export interface Addition {
  path: string
  /** From where, if it was moved. */
  from: string | undefined
}

/** With what additions are redirected. */
export interface Redirection {
  files: PlanFiles
  lookup: TreeLookup
  notes: MergeNotes
  labels: { ours: string; theirs: string }
  /** `conflict`: what is redirected is a conflict there. */
  directoryRenames: NonNullable<MergeOptions['directoryRenames']>
}

/** Where the additions of a side are to go. */
export interface Redirected {
  /** New paths, by old ones. */
  targets: Map<string, string>
  /** Those that stay, since it is not clear where they belong; with what is to be said of each. */
  stayed: Map<string, string>
}

/**
 * Moves what one side put into directories that the other side moved to where they are now, as a conflict there. Where it is
 * not clear where that is, or the place is taken, the file stays.
 *
 * `moved` is where the other side's directories went; `own` is where those of this side went: what was moved into a
 * directory that this side itself moved on is left alone.
 */
export async function redirectAdditions(
  redirection: Redirection,
  side: Side,
  additions: readonly Addition[],
  { moved, own }: { moved: DirectoryRenames; own: DirectoryRenames },
): Promise<Redirected> {
  const byTarget = new Map<string, Addition[]>()
  const redirected: Redirected = { targets: new Map(), stayed: new Map() }
  for (const addition of additions) {
    const old = nearestAbove(moved.moved, addition.path)
    if (old === undefined) {
      const split = nearestAbove(moved.split, addition.path)
      if (split !== undefined) redirected.stayed.set(addition.path, splitMessage(redirection, side, addition, split))
      continue
    }
    const fresh = moved.moved.get(old) as string
    if (own.moved.has(fresh)) continue
    const target = movedPath(addition.path, old, fresh)
    byTarget.set(target, [...(byTarget.get(target) ?? []), addition])
  }
  for (const [target, all] of byTarget) {
    const isTaken = all.length > 1 || (await redirection.lookup.find(target))[side] !== undefined
    for (const addition of all) {
      if (isTaken) {
        redirected.stayed.set(addition.path, takenMessage(redirection, side, addition, target))
      } else {
        await redirect(redirection, side, addition, target)
        redirected.targets.set(addition.path, target)
      }
    }
  }
  return redirected
}

async function redirect(
  { files, notes, labels, directoryRenames }: Redirection,
  side: Side,
  { path, from }: Addition,
  target: string,
): Promise<void> {
  const source = await files.at(path)
  const found = await files.at(target)
  const entry = source.stages[side]
  if (entry === undefined) return
  found.stages[side] = entry
  found.paths[side] = path
  delete source.stages[side]
  const what =
    from === undefined ? `${quoteName(path)} was added` : `${quoteName(from)} was renamed to ${quoteName(path)}`
  const where = `${what} in ${labels[side]}, in a directory that was renamed in ${labels[otherSide(side)]}`
  if (directoryRenames === 'apply') {
    notes.add('renamed', target, `Path updated: ${where}; moving it to ${quoteName(target)}`)
    return
  }
  const message = `CONFLICT (file location): ${where}; it is moved to ${quoteName(target)}, where it may belong`
  markConflict(notes, found, 'directory-rename', message)
}

function splitMessage({ labels }: Redirection, side: Side, { path }: Addition, split: string): string {
  return `CONFLICT (directory rename split): ${quoteName(path)} was added in ${labels[side]}, but the files of ${quoteName(split)} were renamed to several directories in ${labels[otherSide(side)]}, and to none most of them`
}

function takenMessage({ labels }: Redirection, side: Side, { path }: Addition, target: string): string {
  return `CONFLICT (implicit dir rename): ${quoteName(path)} of ${labels[side]} cannot follow its directory, which was renamed in ${labels[otherSide(side)]}: ${quoteName(target)} is taken`
}
