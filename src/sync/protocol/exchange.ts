import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { ReadAhead } from '../walk/walk-source.ts'
import type { ByteReader } from './byte-reader.ts'
import type { Offer } from './offer.ts'

/** One request of a peer, while it is answered. */
export interface Exchange extends AbortOptions {
  /** What errors call the peer. */
  label: string
  offer: Offer
  /** What comes after the request's header. */
  reader: ByteReader
  /** Sends a piece of the answer; gives up on a peer that takes nothing. */
  send(bytes: Uint8Array): Promise<void>
  readAhead: ReadAhead
  /** Bytes that one push may bring; kept ones of an interrupted push count too. */
  maxPushBytes: number
}

/** What was asked of a node, and what it sent. */
export interface ServedSync {
  /** What was asked for; undefined where the peer found that it needs nothing. */
  kind: 'sync' | 'refs' | 'known' | 'records' | 'push-offer' | 'push' | undefined
  /** Why it was refused; undefined where it was answered. */
  refused: string | undefined
  wants: CID[]
  /** Blocks sent, or taken from a push. */
  blocks: number
  /** Bytes of them as they travelled. */
  bytes: number
}
