import type { CommandModule } from '../command.ts'
import { declareTakeBack } from '../undo/take-back-command.ts'

/** `jzfs redo`: takes the last undo back. */
export const redo: CommandModule = {
  configure: (command, context) => declareTakeBack(command, context, 'redo'),
}
