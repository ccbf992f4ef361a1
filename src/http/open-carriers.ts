import type { AbortOptions } from '../model/block.ts'
import type { Home } from '../node/home/home.ts'
import type { NetworkProfile } from '../node/network/network-profile.ts'
import type { RecordCarrier, RecordSource } from '../sync/names/record-carrier.ts'
import { connectControl } from './control-client.ts'
import { createRouter } from './routing/router.ts'

/** Who is asked for records, and given them, by a command that publishes a name. */
export interface Carriers {
  /** The peers that the home's daemon is connected to, the routers, and its DHT. */
  sources: RecordSource[]
  routers: RecordCarrier[]
}

/**
 * The carriers of records that this home has: of peers those that its daemon is connected to, none without one. Nothing is
 * dialled. Throws what `createRouter` throws.
 */
export async function openCarriers(
  home: Home,
  { routers: urls, profile, signal }: AbortOptions & { routers: readonly string[]; profile: NetworkProfile },
): Promise<Carriers> {
  const routers = urls.map((url) => createRouter(url, { profile }))
  const daemon = await connectControl(home, { signal })
  const connected = (await daemon?.peers({ signal })) ?? []
  const peers = [...new Set(connected.map(({ peerId }) => peerId))].map((id) => daemon!.peer(id))
  const dht = daemon?.dht === undefined ? [] : [daemon.dht]
  return { sources: [...peers, ...routers, ...dht], routers }
}
