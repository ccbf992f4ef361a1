import { InvalidError } from '../../model/errors.ts'
import type { Layout } from '../layout.ts'
import type { OperationEntry } from '../operation/operation-entry.ts'
import { nextNumber, readOperation } from '../operation/operation-log.ts'
import { PSEUDO_REFS } from '../refs/pseudo-ref.ts'

/** The operations of one command, which are undone together. */
export interface LoggedCommand {
  /** The number of its first operation. */
  first: number
  /** Oldest first. */
  operations: OperationEntry[]
}

/**
 * The last command that can be taken back, earlier undos and redos considered.
 *
 * Throws InvalidError `nothing-to-undo`, and `cannot-be-undone` (details: `reason` `expired`) where the log begins later.
 */
export function lastUndoable(layout: Layout): LoggedCommand {
  for (let number = nextNumber(layout) - 1; ;) {
    const command = commandAt(layout, number)
    const taken = command?.operations.at(-1)?.undo
    if (command === undefined) throw number < 1 ? nothingToUndo(BEGINNING) : expired(number)
    if (command.operations.some(({ begins }) => begins === true)) throw nothingToUndo(CLONED)
    if (!command.operations.some(canBeTakenBack)) number = command.first - 1
    else if (taken?.kind === 'undo') number = taken.takes - 1
    else return command
  }
}

/** The undo that is taken back next. Throws InvalidError `nothing-to-redo`. */
export function lastUndo(layout: Layout): LoggedCommand {
  for (let number = nextNumber(layout) - 1; ;) {
    const command = commandAt(layout, number)
    const taken = command?.operations.at(-1)?.undo
    if (command === undefined) throw nothingToRedo()
    if (!command.operations.some(canBeTakenBack)) number = command.first - 1
    else if (taken?.kind === 'redo') number = taken.takes - 1
    else if (taken?.kind === 'undo') return command
    else throw nothingToRedo()
  }
}

/** Whether an operation is one that undo takes back: it moved refs or HEAD, configured, rewrote files, or took from the index; or undid that. */
export function canBeTakenBack(entry: OperationEntry): boolean {
  const { refs, head, worktree, renames, config, sequence, index, reflogCuts, reflogReturns } = entry
  if (entry.undo !== undefined) return true
  // What was fetched last is noted by a fetch that is otherwise nothing to take back.
  const isMoving =
    refs.some(({ name }) => isOurs(name) && !name.startsWith(PSEUDO_REFS)) ||
    head !== undefined ||
    worktree !== undefined
  // The list of stashes is a log: one that is not the newest goes without any ref.
  const isOfLogs = reflogCuts.length + reflogReturns.length > 0
  return (
    config.some(({ key }) => isChosen(key)) ||
    isMoving ||
    isOfLogs ||
    renames.length > 0 ||
    sequence !== undefined ||
    index?.before !== undefined
  )
}

/** Whether a ref says what was done here; others say what was seen of other repositories. */
export function isOurs(name: string): boolean {
  return !name.startsWith('refs/partial/') && !name.startsWith('refs/remotes/')
}

/** Whether a key says what a user wants. What a remote was first seen to be signed by is not forgotten by an undo. */
export function isChosen(key: string): boolean {
  return !key.endsWith('.trustedName')
}

/** The command that an operation is of, as far as up to that one; undefined where entries of it are not there (any more). */
export function commandAt(layout: Layout, number: number): LoggedCommand | undefined {
  const last = number < 1 ? undefined : readOperation(layout, number)
  if (last === undefined) return undefined
  const operations = [last]
  for (let earlier = number - 1; earlier >= last.first; earlier--) {
    const entry = readOperation(layout, earlier)
    if (entry === undefined) return undefined
    operations.unshift(entry)
  }
  return { first: last.first, operations }
}

const BEGINNING = 'the operation log holds nothing that moved a ref or rewrote files'
const CLONED = 'the repository begins with its clone, and nothing was there before'

function nothingToUndo(why: string): InvalidError {
  return new InvalidError('nothing-to-undo', `nothing can be undone: ${why}`, {
    hint: '`jzfs op log` shows what was done; a repository as a whole goes by removing its folder',
  })
}

function nothingToRedo(): InvalidError {
  return new InvalidError('nothing-to-redo', 'nothing can be redone: no undo came last, or all are taken back', {
    hint: '`jzfs op log` shows what was done',
  })
}

function expired(number: number): InvalidError {
  return new InvalidError(
    'cannot-be-undone',
    `the entry of operation ${number} has expired, and with it what undo needs`,
    {
      hint: 'look for the commit you want in `jzfs reflog`, and go there with `jzfs reset`',
      details: { reason: 'expired', operation: number },
    },
  )
}
