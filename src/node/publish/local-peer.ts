import { createDuplexPair } from '../../sync/memory-duplex.ts'
import type { Peer } from '../../sync/peer.ts'
import { serveSync } from '../../sync/serve-sync.ts'
import type { Home } from '../home/home.ts'
import { publishedRecord } from './published-record.ts'
import { createServedBlocks } from './served-blocks.ts'

/** This node itself as a peer, without a network: libp2p refuses to dial itself. */
export interface LocalPeer extends Peer {
  close(): Promise<void>
}

/** What a home publishes, for its own user: whatever the audience is. */
export function createLocalPeer(home: Home): LocalPeer {
  const served = createServedBlocks(home)
  return {
    label: 'this node',
    resolveName: (name) => publishedRecord(home, name),
    async openSync() {
      const [ours, theirs] = createDuplexPair()
      const view = served.view('self')
      serveSync(theirs, { label: 'this process', mayServe: view.mayServe, source: view }).catch((error: unknown) => {
        theirs.abort(error instanceof Error ? error : new Error(String(error)))
      })
      return ours
    },
    close: () => served.close(),
  }
}
