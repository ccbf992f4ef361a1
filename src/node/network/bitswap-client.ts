import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { identify } from '@libp2p/identify'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight } from 'helia'

import { fetchByBitswap } from './bitswap-fetch.ts'
import { createBlockstoreView, FORGETFUL_VIEW } from './blockstore-view.ts'
import type { BitswapClient } from './client-node.ts'
import { dial } from './dial.ts'
import { libp2pOptions } from './libp2p-options.ts'
import type { NetworkProfile } from './network-profile.ts'

/** Connects to a peer that speaks Bitswap, from a Helia that keeps nothing, serves nothing and does not listen. */
export async function connectBitswap(address: Multiaddr, profile: NetworkProfile): Promise<BitswapClient> {
  const options = { ...libp2pOptions({ profile }), services: { identify: identify() } }
  const helia = withBitswap(
    withLibp2pLight(createHeliaLight({ blockstore: createBlockstoreView(FORGETFUL_VIEW) }), options),
  )
  await helia.start()
  try {
    await dial(helia.libp2p, address)
    return {
      fetchBlock: (cid, fetchOptions) => fetchByBitswap(helia.blockstore, cid, fetchOptions),
      close: async () => {
        await helia.stop()
      },
    }
  } catch (error) {
    await helia.stop()
    throw error
  }
}
