import type { CommandModule } from '../command.ts'
import { declareTakeBack } from '../undo/take-back-command.ts'

/** `jzfs undo`: takes the last command back. */
export const undo: CommandModule = {
  configure: (command, context) => declareTakeBack(command, context, 'undo'),
}
