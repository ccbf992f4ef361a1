import { openHomeNames } from '../../node/publish/home-names.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { openHomeHere, withPeers } from '../network.ts'

interface ResolveFlags {
  peer?: string[]
  allowExpired?: true
  json?: true
}

/** `jzfs resolve`: what an IPNS name stands for, by its newest record that can be trusted. */
export const resolve: CommandModule = {
  configure(command, context) {
    command
      .argument('<name>', 'the IPNS name')
      .option('--peer <address>', 'ask this node; may be repeated (default: those the daemon is connected to)', collect)
      .option('--allow-expired', 'accept a record whose life is over')
      .option('--json', 'print one JSON document')
      .action((name: string, flags: ResolveFlags) => run(context, name, flags))
  },
}

async function run(context: Context, name: string, flags: ResolveFlags): Promise<void> {
  const home = openHomeHere(context)
  const { resolveName } = await import('../../sync/names/resolve-name.ts')
  const names = openHomeNames(home, { command: context.commandLine })
  const options = { now: context.now(), allowExpired: flags.allowExpired === true, signal: context.signal }
  const found = await withPeers(context, home, flags.peer ?? [], (peers) => resolveName(name, peers, names, options))
  for (const error of found.refused) context.terminal.say(`warning: ${error.message}`)
  const { record } = found
  if (flags.json) {
    const { value, sequence, validity, name: canonical } = record
    return context.terminal.json({
      name: canonical,
      value,
      cid: record.cid,
      sequence,
      validity,
      peer: found.peer.label,
    })
  }
  await context.terminal.out(`${record.value}\n`)
}
