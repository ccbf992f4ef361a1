import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../model/block.ts'
import type { ByteDuplex } from './duplex.ts'

/**
 * What clone and pin need of another node, whatever carries it. Nothing that a peer returns is believed: records are
 * checked against the name, blocks against their CIDs.
 */
export interface Peer {
  /** What messages call this peer: its address or its id. */
  readonly label: string
  /** Whether it is this node itself: what it keeps for itself it cannot vouch for. */
  readonly isOwn?: boolean
  /** The newest IPNS record (marshalled) that the peer has for a name (`k51…`), or undefined where it has none. */
  resolveName(name: string, options?: AbortOptions): Promise<Uint8Array | undefined>
  /** Opens a stream that speaks `/jzfs/sync/1`; undefined where the peer does not speak it. */
  openSync?(options?: AbortOptions): Promise<ByteDuplex | undefined>
  /**
   * One block from a peer that is not jzfs (Bitswap, a gateway). May return anything: the caller hashes it.
   * May wait until the signal aborts.
   */
  fetchBlock?(cid: CID, options?: AbortOptions): Promise<Uint8Array>
}
