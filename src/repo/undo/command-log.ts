import type { Layout } from '../layout.ts'
import { nextNumber, readPending } from '../operation/operation-log.ts'
import { canBeTakenBack, commandAt, type LoggedCommand } from './logged-command.ts'

/** A command of the operation log. */
export interface CommandLogEntry extends LoggedCommand {
  /** Whether an undo that is still in force took it back. */
  isUndone: boolean
}

/** The commands that changed the repository, newest first, back to where the operation log begins. */
export function* readCommandLog(layout: Layout): Generator<CommandLogEntry> {
  /** Where the effect of what follows is looked up next: undos pass over what they took back. */
  let inForce = readPending(layout)?.number ?? nextNumber(layout) - 1
  for (let number = inForce; ;) {
    const command = commandAt(layout, number)
    if (command === undefined) return
    const last = number
    number = command.first - 1
    const taken = command.operations.at(-1)?.undo
    const isUndoable = command.operations.some(canBeTakenBack)
    const isUndone = last > inForce && isUndoable && taken === undefined
    if (last <= inForce) inForce = taken === undefined ? number : taken.takes - 1
    yield { ...command, isUndone }
  }
}
