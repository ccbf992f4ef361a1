import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { ResolveFlags } from '../names/resolve-here.ts'

/** `jzfs resolve`: what an IPNS name stands for, and nothing else; `name resolve` says more. */
export const resolve: CommandModule = {
  configure(command, context) {
    command
      .argument('<name>', 'the IPNS name')
      .option(
        '--peer <address>',
        'ask this node; may be repeated (default: those the daemon is connected to, and routers)',
        collect,
      )
      .option('--allow-expired', 'accept a record whose life is over')
      .option('--json', 'print one JSON document')
      .action(async (name: string, flags: ResolveFlags) => {
        const { resolveHere } = await import('../names/resolve-here.ts')
        await resolveHere(context, name, flags)
      })
  },
}
