import type { Person } from '../../model/commit/person.ts'
import type { Home } from '../../node/home/home.ts'
import { openConfig } from '../../repo/config/config.ts'
import type { Peer } from '../../sync/peer.ts'
import type { SyncProgress } from '../../sync/protocol/receive-blocks.ts'
import type { Context } from '../context.ts'
import { configSources } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { withPeers } from '../network.ts'
import { withTransferProgress } from '../transfer-progress.ts'

/** What whatever brings a pin is handed: whom to ask, who asks, and who is told how far it is. */
export interface PinTransfer {
  peers: Peer[]
  command: string
  person: Person
  now: Date
  idleTimeoutMs: number
  signal: AbortSignal
  onProgress: (progress: SyncProgress) => void
}

/** Runs `work` with the peers at these addresses (see `withPeers`), and shows its progress. */
export function withPinTransfer<Result>(
  context: Context,
  home: Home,
  addresses: readonly string[],
  work: (transfer: PinTransfer) => Promise<Result>,
): Promise<Result> {
  const config = openConfig(configSources(context))
  const transfer = {
    command: context.commandLine,
    person: currentPerson(context, config, 'COMMITTER'),
    now: context.now(),
    idleTimeoutMs: config.get('network.idleTimeoutMs'),
    signal: context.signal,
  }
  return withTransferProgress(context, (onProgress) =>
    withPeers(context, home, addresses, (peers) => work({ ...transfer, peers, onProgress })),
  )
}
