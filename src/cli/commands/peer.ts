import { InvalidError } from '../../model/errors.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { requireDaemon } from '../network.ts'

/** `jzfs peer`: the connections of this home's daemon. */
export const peer: CommandModule = {
  configure(command, context) {
    command
      .command('connect')
      .description('connect the daemon to a node')
      .argument('<address>', 'where it listens: /ip4/…/tcp/…/p2p/PEER')
      .option('--json', 'print one JSON document')
      .action(async (address: string, flags: { json?: true }) => {
        const connection = await (await requireDaemon(context)).connect(address, { signal: context.signal })
        if (flags.json) return context.terminal.json(connection)
        await context.terminal.out(`connected to ${connection.peerId}\n`)
      })
    command
      .command('ls')
      .description('list the nodes that the daemon is connected to')
      .option('--json', 'print one JSON document')
      .action(async (flags: { json?: true }) => {
        const peers = await (await requireDaemon(context)).peers({ signal: context.signal })
        if (flags.json) return context.terminal.json(peers)
        await context.terminal.out(peers.map(({ address }) => `${address}\n`).join(''))
      })
    command
      .command('ping')
      .description('measure the round trip to a node')
      .argument('<peer>', 'its address, or its id where the daemon is connected to it')
      .option('-c, --count <n>', 'how many times', '3')
      .option('--json', 'print JSON lines')
      .action((address: string, flags: { count: string; json?: true }) => ping(context, address, flags))
  },
}

async function ping(context: Context, address: string, flags: { count: string; json?: true }): Promise<void> {
  const count = Number(flags.count)
  if (!Number.isInteger(count) || count < 1 || count > 1000) {
    throw new InvalidError('usage', `not a number of pings: ${flags.count}`, { hint: 'give one from 1 to 1000' })
  }
  const client = await requireDaemon(context)
  for await (const pong of client.ping(address, count, { signal: context.signal })) {
    if (flags.json) await context.terminal.json(pong)
    else await context.terminal.out(`${pong.ms.toFixed(2)} ms\n`)
  }
}
