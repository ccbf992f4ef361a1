import type { Person } from '../../model/commit/person.ts'
import type { OperationEntry } from './operation-entry.ts'

/** An entry that keeps a number taken, and names nothing: what the operation did cannot be undone any more. */
export function expiredEntry(number: number, { command, person }: { command: string; person: Person }): OperationEntry {
  return {
    number,
    first: number,
    command,
    person,
    refs: [],
    head: undefined,
    reflog: [],
    reflogMoves: [],
    reflogReturns: [],
    reflogCuts: [],
    index: undefined,
    config: [],
    sequence: undefined,
    worktree: undefined,
    renames: [],
    replaced: undefined,
    discarded: [],
    overwritten: [],
  }
}
