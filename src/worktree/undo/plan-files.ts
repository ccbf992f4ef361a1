import type { OverwrittenFile, PathRename } from '../../repo/operation/operation-entry.ts'
import type { Repository } from '../../repo/repository.ts'
import type { LoggedCommand } from '../../repo/undo/logged-command.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { parentOf } from '../checkout/real-folders.ts'
import type { IndexEntry } from '../index/index-entry.ts'
import { emptyIndex, updateIndex } from '../index/index-update.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { worktreeOf } from '../working-tree.ts'
import { type ChangedSince, findChangedSince } from './changed-since.ts'
import { type FileChange, reverseFiles } from './file-change.ts'
import { keepChangedSince } from './keep-changed-since.ts'
import { reverseRenames } from './reverse-renames.ts'
import type { UndoOptions } from './undo.ts'

/** How the files of a command go back. */
export interface FilePlan {
  /** The paths that change alone, as they are and as they shall be. */
  before: StagingIndex
  after: StagingIndex
  renames: PathRename[]
  /** What the renames take the place of. */
  replaced: StagingIndex | undefined
  /** What was changed since, and goes: kept, and kept nowhere. */
  discarded: IndexEntry[]
  overwritten: OverwrittenFile[]
  /** All paths that change. */
  paths: string[]
  /** Paths whose content was not kept by the command that overwrote them. */
  lost: string[]
}

/** Works out how the files of a command go back, and stores what was changed since. Throws as `undoLast`. */
export async function planFiles(
  repository: Repository,
  index: StagingIndex,
  command: LoggedCommand,
  pack: PackWriter,
  options: UndoOptions,
): Promise<FilePlan> {
  const files = await reverseFiles(repository.store, command, options)
  const { changes, lost } = files
  for (const path of lost) {
    changes.delete(path)
    const folder = changes.get(parentOf(path))
    // An empty folder that was left in its place gives way to nothing.
    if (folder?.now?.kind === 'directory' && folder.goal === undefined) changes.delete(folder.path)
  }
  const since = await findChangedSince(repository, index, changes, options)
  if (command.operations.every(({ renames }) => renames.length === 0)) leaveOutDone(changes, since)
  const kept = await keepChangedSince(repository, changes, since, pack, options)
  const moved = reverseRenames(worktreeOf(repository), command, files)
  for (const goal of files.replaced) changes.set(goal.path, { path: goal.path, now: undefined, goal })
  const sides = [...changes.values()]
  return {
    before: indexOf(sides.flatMap(({ now }) => now ?? [])),
    after: indexOf(sides.flatMap(({ goal }) => goal ?? [])),
    renames: moved.renames,
    replaced: moved.replaced.length === 0 ? undefined : indexOf(moved.replaced),
    discarded: kept.discarded,
    overwritten: [...kept.overwritten, ...moved.overwritten],
    paths: [...changes.keys(), ...moved.renames.map(({ to }) => to)],
    lost,
  }
}

/** What is as it shall be is no part of the undo: a redo that follows leaves it as it is, too. */
function leaveOutDone(changes: Map<string, FileChange>, { gone, settled }: ChangedSince): void {
  for (const path of settled) changes.delete(path)
  for (const path of gone) {
    const goal = changes.get(path)?.goal
    if (goal === undefined) changes.delete(path)
    else changes.set(path, { path, now: undefined, goal })
  }
}

function indexOf(entries: readonly IndexEntry[]): StagingIndex {
  return updateIndex(
    emptyIndex(),
    entries.map((entry) => ({ path: entry.path, entries: [entry] })),
  )
}
