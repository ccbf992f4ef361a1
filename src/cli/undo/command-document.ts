import type { OperationEntry } from '../../repo/operation/operation-entry.ts'
import { PSEUDO_REFS } from '../../repo/refs/pseudo-ref.ts'
import { type CommandChanges, refsOfCommand } from '../../repo/undo/command-changes.ts'
import type { CommandLogEntry } from '../../repo/undo/command-log.ts'

/** A command of the operation log as `--json` shows it. */
export function commandDocument(entry: CommandLogEntry): object {
  const { first, operations, isUndone } = entry
  const { command, person, undo } = firstOperation(entry)
  return {
    operation: first,
    operations: operations.map(({ number }) => number),
    command,
    person,
    undone: isUndone,
    undo: undo === undefined ? null : { kind: undo.kind, operation: undo.of },
    refs: shownRefs(refsOfCommand(operations)).map(({ name, before, after }) => {
      return { ref: name, before: before ?? null, after: after ?? null }
    }),
  }
}

/** What all operations of a command have in common: the command line, who ran it and when. */
export function firstOperation({ operations }: CommandLogEntry): OperationEntry {
  return operations[0] as OperationEntry
}

/** The refs that a user knows of. */
export function shownRefs(refs: CommandChanges['refs']): CommandChanges['refs'] {
  return refs.filter(({ name }) => !name.startsWith(PSEUDO_REFS))
}
