import type { Command } from 'commander'

import { collect } from '../collect.ts'
import type { Context } from '../context.ts'
import type { ResolveFlags } from './resolve-here.ts'

/** Declares the argument, the options and the action of `resolve` and of `name resolve`, which shows details besides. */
export function declareResolve(command: Command, context: Context, { details }: { details: boolean }): void {
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
      const { resolveHere } = await import('./resolve-here.ts')
      await resolveHere(context, name, { ...flags, details })
    })
}
