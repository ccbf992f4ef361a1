import type { CommandModule } from '../command.ts'
import { declareOpLog } from '../undo/op-log-command.ts'
import { declareOpShow } from '../undo/op-show-command.ts'

/** `jzfs op`: the operation log, which undo goes by. */
export const op: CommandModule = {
  configure(command, context) {
    declareOpLog(
      command.command('log').description('list the commands that changed the repository, newest first'),
      context,
    )
    declareOpShow(command.command('show').description('show what one of them changed'), context)
  },
}
