import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { JzfsError, UnavailableError } from '../../model/errors.ts'
import type { Store } from '../../store/store.ts'
import type { ArrivingFiles } from '../../worktree/arriving/arriving-files.ts'
import type { Peer } from '../peer.ts'
import type { ReceivedSync, SyncProgress } from '../protocol/receive-blocks.ts'
import { receiveSync } from '../protocol/receive-sync.ts'
import { fetchFromSeveral, peersWith } from '../several/fetch-from-several.ts'
import { fetchDag } from '../walk/fetch-dag.ts'
import { createTransferPack } from './transfer-pack.ts'

/** What is fetched into a store, and from whom. */
export interface FetchFromPeersOptions extends AbortOptions {
  wants: readonly CID[]
  /** Roots that the store has with all they reach. */
  haves?: readonly CID[]
  /** What the wants must be (default `commit`). */
  wanted?: 'commit' | 'manifest' | 'any' | undefined
  peers: readonly Peer[]
  store: Pick<Store, 'createPack' | 'get' | 'hasDigest' | 'lease'>
  /** Files that are written while their blocks come. */
  arriving?: Pick<ArrivingFiles, 'note'> | undefined
  idleTimeoutMs?: number | undefined
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** What came, and who failed before. */
export interface FetchedFromPeers extends ReceivedSync {
  /** The label of the peer that gave the rest, or of those that gave it together. */
  peer: string
  failures: JzfsError[]
}

/**
 * Brings what `wants` reach into a store: from all peers at once that speak `/jzfs/sync/1` and have all of it, where there
 * are several; else from the first one that can, each going on where the one before it stopped. One peer that speaks it is
 * asked for a stream, any other one for blocks.
 *
 * Throws what was wrong with the first peer that lied, else with the last one (the codes of `receiveSync` and
 * `fetchDag`), UnavailableError `no-peer` where there is none, the signal's reason, and at once what went wrong here.
 */
export async function fetchFromPeers(options: FetchFromPeersOptions): Promise<FetchedFromPeers> {
  const { peers, wants, store, signal } = options
  const failures: JzfsError[] = []
  using _lease = await store.lease({ signal })
  const sources = peers.length > 1 ? (await peersWith(peers, wants, { signal })).slice(0, MAX_SOURCES) : []
  // Where several have all of it, each gives a part of it; else one after the other is asked for all.
  const ways: Way[] = peers.map((peer) => ({ peer: peer.label, fetch: () => fetchFrom(peer, options) }))
  if (sources.length > 1) ways.unshift(fromSeveral(sources, failures, options))
  const isLiar = (label: string): boolean =>
    failures.some(({ family, details }) => family === 'integrity' && details['peer'] === label)
  for (const way of ways) {
    if (isLiar(way.peer)) continue
    try {
      const received = await way.fetch()
      return { ...received, peer: way.peer, failures }
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof JzfsError) || error.details['peer'] === undefined) throw error
      if (!failures.includes(error)) failures.push(error)
    }
  }
  throw failures.find((error) => error.family === 'integrity') ?? failures.at(-1) ?? noPeer()
}

/** One way to get everything. */
interface Way {
  /** Whom it comes from. */
  peer: string
  fetch(): Promise<ReceivedSync>
}

/** How many peers are asked at once. */
const MAX_SOURCES = 8

function fromSeveral(sources: readonly Peer[], failures: JzfsError[], options: FetchFromPeersOptions): Way {
  const { haves = [], wanted = 'commit' } = options
  return {
    peer: sources.map(({ label }) => label).join(', '),
    fetch: () => fetchFromSeveral({ ...options, peers: sources, haves, wanted, failures }),
  }
}

async function fetchFrom(peer: Peer, options: FetchFromPeersOptions): Promise<ReceivedSync> {
  const { wants, haves = [], wanted = 'commit', store, arriving, idleTimeoutMs, signal, onProgress } = options
  const { label } = peer
  const duplex = await peer.openSync?.({ signal })
  if (duplex === undefined && peer.fetchBlock === undefined) throw speaksNothing(label)
  const pack = await createTransferPack(store, { arriving })
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
