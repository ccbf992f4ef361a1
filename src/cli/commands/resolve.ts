import type { CommandModule } from '../command.ts'
import { declareResolve } from '../names/resolve-options.ts'

/** `jzfs resolve`: what an IPNS name stands for, and nothing else; `name resolve` says more. */
export const resolve: CommandModule = {
  configure(command, context) {
    declareResolve(command, context, { details: false })
  },
}
