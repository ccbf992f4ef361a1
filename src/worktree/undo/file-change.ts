import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { JzfsError, InvalidError } from '../../model/errors.ts'
import { diffTrees } from '../../model/tree/tree-diff.ts'
import type { OperationEntry } from '../../repo/operation/operation-entry.ts'
import type { LoggedCommand } from '../../repo/undo/logged-command.ts'
import type { IndexEntry } from '../index/index-entry.ts'
import { indexEntry } from '../index/index-of-tree.ts'
import { STAND_IN_CID } from '../rewrite/keep-local-content.ts'

/** A file that goes back: what a command left at its path, and what was there before; undefined where nothing. */
export interface FileChange {
  path: string
  now: IndexEntry | undefined
  goal: IndexEntry | undefined
}

/** How the files that a command wrote and removed go back. */
export interface ReversedFiles {
  /** By path. What `renames` of the command moved is not among them. */
  changes: Map<string, FileChange>
  /** What the command's renames took the place of. */
  replaced: IndexEntry[]
  /** Paths whose content the command overwrote, and which was too much to be kept. */
  lost: string[]
}

/**
 * Reads from a command's entries how files go back. Throws InvalidError `cannot-be-undone` (details: `reason` `missing`)
 * where the trees are not here any more.
 */
export async function reverseFiles(
  source: BlockSource,
  { operations }: LoggedCommand,
  options: AbortOptions = {},
): Promise<ReversedFiles> {
  const files: ReversedFiles = { changes: new Map(), replaced: [], lost: [] }
  for (const entry of operations.toReversed()) {
    await explainMissing(entry, () => reverseEntry(source, entry, files, options))
  }
  return files
}

/** Runs `read`; a block that is not here is a reason why an operation cannot be undone. */
export async function explainMissing<Result>(
  { number, command }: Pick<OperationEntry, 'number' | 'command'>,
  read: () => Promise<Result>,
): Promise<Result> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof JzfsError) || (error.family !== 'not-found' && error.family !== 'integrity')) throw error
    throw new InvalidError(
      'cannot-be-undone',
      `operation ${number} (${command}) cannot be taken back: ${error.message}`,
      {
        hint: '`jzfs op show` tells what it changed; what is still here comes back with `jzfs restore --source CID PATH`',
        cause: error,
        details: { reason: 'missing', operation: number },
      },
    )
  }
}

async function reverseEntry(
  source: BlockSource,
  entry: OperationEntry,
  files: ReversedFiles,
  options: AbortOptions,
): Promise<void> {
  const { worktree, overwritten, renames, replaced } = entry
  const doomed = new Set(overwritten.map(({ path }) => path))
  if (worktree !== undefined) {
    for await (const { path, before, after } of diffTrees(source, worktree.before, worktree.after, options)) {
      const known = files.changes.get(path)
      const now = known === undefined ? after && indexEntry(path, after) : known.now
      files.changes.set(path, { path, now, goal: before && indexEntry(path, before) })
      if (doomed.has(path) && before?.cid.equals(STAND_IN_CID) === true) files.lost.push(path)
    }
  }
  if (replaced !== undefined) {
    for await (const { path, after } of diffTrees(source, undefined, replaced, options)) {
      if (after !== undefined) files.replaced.push(indexEntry(path, after))
    }
  }
  const kept = new Set(files.replaced.map(({ path }) => path))
  for (const { to } of renames) if (doomed.has(to) && !kept.has(to)) files.lost.push(to)
}
