import { SELF_KEY } from '../../node/home/key-store.ts'
import type { CommandModule } from '../command.ts'
import { openHomeHere } from '../network.ts'

/** `jzfs id`: who this node is, and where it listens if its daemon runs. */
export const id: CommandModule = {
  configure(command, context) {
    command.option('--json', 'print one JSON document').action(async (flags: { json?: true }) => {
      const home = openHomeHere(context)
      const { connectControl } = await import('../../http/control-client.ts')
      const daemon = await (await connectControl(home))?.status()
      const peerId = daemon?.peerId ?? (await ownPeerId(home, context.commandLine))
      const addresses = daemon?.addresses ?? []
      const http = daemon?.http
      const running = daemon === undefined ? undefined : { pid: daemon.pid, version: daemon.version }
      if (flags.json)
        return context.terminal.json({ peerId, addresses, http, home: home.layout.directory, daemon: running })
      const where = daemon === undefined ? ['no daemon runs: nobody can reach this node'] : addresses
      await context.terminal.out(`${[`peer ${peerId}`, ...where, ...(http === undefined ? [] : [http])].join('\n')}\n`)
    })
  },
}

async function ownPeerId(home: ReturnType<typeof openHomeHere>, command: string): Promise<string> {
  const lock = await home.lock({ command })
  try {
    return (await home.keys.readOrCreate(SELF_KEY)).peerId
  } finally {
    lock.release()
  }
}
