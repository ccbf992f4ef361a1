import type { Daemon } from '../../node/daemon.ts'
import { publishedRecord } from '../../node/offer/published-record.ts'
import { openHomeNames } from '../../node/publish/home-names.ts'
import { createRoutingServer } from './routing-server.ts'

/** Delegated routing for what a daemon publishes and follows: see `createRoutingServer`, which a listener mounts. */
export function createDaemonRouting(
  { home, node, served }: Daemon,
  { command, now }: { command: string; now(): Date },
): ReturnType<typeof createRoutingServer> {
  return createRoutingServer({
    record: (name) => publishedRecord(home, name),
    names: openHomeNames(home, { command }),
    now,
    peerId: node.peerId,
    addresses: () => node.addresses(),
    mayServe: (cid) => served.view('everybody').mayServe(cid),
  })
}
