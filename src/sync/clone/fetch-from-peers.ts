import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { JzfsError, UnavailableError } from '../../model/errors.ts'
import type { Store } from '../../store/store.ts'
import type { Peer } from '../peer.ts'
import type { ReceivedSync, SyncProgress } from '../protocol/receive-blocks.ts'
import { receiveSync } from '../protocol/receive-sync.ts'
import { fetchDag } from '../walk/fetch-dag.ts'
import { createTransferPack } from './transfer-pack.ts'

/** What is fetched into a store, and from whom. */
export interface FetchFromPeersOptions extends AbortOptions {
  wants: readonly CID[]
  /** Roots that the store has with all they reach. */
  haves?: readonly CID[]
  /** What the wants must be (default `commit`). */
  wanted?: 'commit' | 'manifest' | 'any'
  peers: readonly Peer[]
  store: Pick<Store, 'createPack' | 'get' | 'hasDigest' | 'lease'>
  idleTimeoutMs?: number | undefined
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** What came, and who failed before. */
export interface FetchedFromPeers extends ReceivedSync {
  /** The label of the peer that gave the rest. */
  peer: string
  failures: JzfsError[]
}

/**
 * Brings what `wants` reach into a store: from the first peer that can, each going on where the one before it stopped.
 * A peer that speaks `/jzfs/sync/1` is asked for a stream, any other one for blocks.
 *
 * Throws what was wrong with the first peer that lied, else with the last one (the codes of `receiveSync` and
 * `fetchDag`), UnavailableError `no-peer` where there is none, the signal's reason, and at once what went wrong here.
 */
export async function fetchFromPeers(options: FetchFromPeersOptions): Promise<FetchedFromPeers> {
  const { peers, store, signal } = options
  const failures: JzfsError[] = []
  using _lease = await store.lease({ signal })
  for (const peer of peers) {
    try {
      const received = await fetchFrom(peer, options)
      return { ...received, peer: peer.label, failures }
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof JzfsError) || error.details['peer'] === undefined) throw error
      failures.push(error)
    }
  }
  throw failures.find((error) => error.family === 'integrity') ?? failures.at(-1) ?? noPeer()
}

async function fetchFrom(peer: Peer, options: FetchFromPeersOptions): Promise<ReceivedSync> {
  const { wants, haves = [], wanted = 'commit', store, idleTimeoutMs, signal, onProgress } = options
  const { label } = peer
  const duplex = await peer.openSync?.({ signal })
  if (duplex === undefined && peer.fetchBlock === undefined) throw speaksNothing(label)
  const pack = await createTransferPack(store)
  const timeout = idleTimeoutMs === undefined ? {} : { idleTimeoutMs }
  const common = { label, wants, wanted, pack, local: store, keepPartial: true, signal, onProgress, ...timeout }
  if (duplex !== undefined) return receiveSync(duplex, { ...common, haves })
  const fetched = await fetchDag((cid, each) => peer.fetchBlock!(cid, each), common)
  return { ...fetched, resumed: 0 }
}

function speaksNothing(peer: string): UnavailableError {
  return new UnavailableError('peer-unsuitable', `${peer} speaks neither /jzfs/sync/1 nor anything else to fetch by`, {
    hint: 'use another peer',
    details: { peer },
  })
}

function noPeer(): UnavailableError {
  return new UnavailableError('no-peer', 'there is no peer to fetch from', {
    hint: 'name one with --peer ADDR, or start the daemon and connect it',
  })
}
