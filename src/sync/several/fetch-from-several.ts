import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import type { Store } from '../../store/store.ts'
import type { ArrivingFiles } from '../../worktree/arriving/arriving-files.ts'
import { createTransferPack, type TransferPack } from '../clone/transfer-pack.ts'
import type { Peer } from '../peer.ts'
import { askKnown, openSyncStream } from '../protocol/ask-peer.ts'
import { fromPeer, type ReceivedSync, type SyncProgress } from '../protocol/receive-blocks.ts'
import { createDagWalk } from '../walk/dag-walk.ts'
import { passHaves } from '../walk/walk-source.ts'
import { fetchLeaves } from './fetch-leaves.ts'
import { createLeafList, type LeafList } from './leaf-list.ts'
import { receiveNodes } from './receive-apart.ts'

/** What is fetched from several peers at once. */
export interface FetchFromSeveralOptions extends AbortOptions {
  /** Peers that have all of it: see `peersWith`. */
  peers: readonly Peer[]
  wants: readonly CID[]
  haves: readonly CID[]
  wanted: 'commit' | 'manifest' | 'any'
  store: Pick<Store, 'createPack' | 'get' | 'hasDigest'>
  /** What was wrong with peers that lied or failed is added here: they are asked no more. */
  failures: JzfsError[]
  /** Files that are written while their blocks come. */
  arriving?: Pick<ArrivingFiles, 'note'> | undefined
  idleTimeoutMs?: number | undefined
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** How long a peer may take to say whether it has what is wanted, in milliseconds. */
const ANSWER_TIMEOUT_MS = 5000

/** Those of the peers that speak our protocol and have all of these roots for us, in their order. */
export async function peersWith(peers: readonly Peer[], wants: readonly CID[], options: AbortOptions): Promise<Peer[]> {
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  const inTime = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
  const having = await Promise.all(
    peers.map(async (peer) => {
      if (peer.openSync === undefined) return false
      try {
        const known = await askKnown(peer, wants, { signal: inTime })
        return new Set(known.map(String)).size === new Set(wants.map(String)).size
      } catch {
        options.signal?.throwIfAborted()
        return false
      }
    }),
  )
  return peers.filter((_, index) => having[index])
}

/**
 * Brings what `wants` reach into a store: the nodes from the first peer that gives them, then the leaves from all at once,
 * each block verified before it is written. At the end all of it is walked as strictly as a transfer from one peer.
 *
 * Throws what was wrong with the first peer that lied, else with the last one, where none is left; the signal's reason, and
 * at once what went wrong here. What was verified is kept, unless the content itself is wrong.
 */
export async function fetchFromSeveral(options: FetchFromSeveralOptions): Promise<ReceivedSync> {
  const { wants, haves, wanted, store, arriving, signal } = options
  const pack = await createTransferPack(store, { arriving })
  const leaves = createLeafList()
  let received: ReceivedSync
  try {
    const { nodes, peers } = await nodesFromAny(options, pack, leaves)
    received = await leavesFromAll({ ...options, peers }, { pack, leaves, nodes })
  } catch (error) {
    // Whoever failed, what is here was verified.
    await pack.finish().catch(() => pack.abort())
    throw error
  }
  try {
    await checkWhole({ wants, haves, wanted, store, signal }, pack, leaves)
    await pack.finish()
    return received
  } catch (error) {
    pack.abort()
    throw error
  }
}

interface Received {
  blocks: number
  bytes: number
}

/** The nodes, from the first peer that gives all of them; and the peers that did not fail. */
async function nodesFromAny(
  { peers, wants, haves, wanted, store, failures, idleTimeoutMs, signal }: FetchFromSeveralOptions,
  pack: TransferPack,
  leaves: LeafList,
): Promise<{ nodes: Received; peers: Peer[] }> {
  const local = {
    hasDigest: (digest: Uint8Array) => store.hasDigest(digest),
    get: async (cid: CID) => pack.get(cid) ?? store.get(cid, { signal }),
  }
  for (const [index, peer] of peers.entries()) {
    try {
      const nodes = await receiveNodes(await openSyncStream(peer, { signal }), {
        label: peer.label,
        wants,
        haves,
        role: wanted,
        local,
        pack,
        idleTimeoutMs,
        signal,
        onLeaf: (cid, sizeBytes) => {
          if (!store.hasDigest(cid.multihash.digest)) leaves.add(cid, sizeBytes)
        },
      })
      return { nodes, peers: peers.slice(index) }
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof JzfsError) || error.details['peer'] === undefined) throw error
      failures.push(error)
    }
  }
  throw failures.find(({ family }) => family === 'integrity') ?? failures.at(-1)!
}

async function leavesFromAll(
  { peers, failures, idleTimeoutMs, signal, onProgress }: FetchFromSeveralOptions,
  { pack, leaves, nodes }: { pack: TransferPack; leaves: LeafList; nodes: Received },
): Promise<ReceivedSync> {
  const received = { ...nodes, resumed: 0 }
  const totalBlocks = nodes.blocks + leaves.count
  onProgress?.({ ...received, totalBlocks })
  const onLeaf = (sizeBytes: number): void => {
    received.blocks++
    received.bytes += sizeBytes
    onProgress?.({ blocks: received.blocks, bytes: received.bytes, totalBlocks })
  }
  await fetchLeaves({ peers, leaves, pack, failures, idleTimeoutMs, signal, onLeaf })
  return received
}

/** Walks all of it once more, strictly, with the sizes of the leaves, which were not known when their links came. */
async function checkWhole(
  { wants, haves, wanted, store, signal }: Omit<FetchFromSeveralOptions, 'peers' | 'failures'>,
  pack: TransferPack,
  leaves: LeafList,
): Promise<void> {
  const walk = createDagWalk()
  try {
    await passHaves(walk, haves, store, { signal })
    walk.begin(wants, { isStrict: true, role: wanted })
    for (let block = walk.next(); block !== undefined; block = walk.next()) {
      if (block.isLeaf) walk.pass(leaves.sizeOf(block.cid))
      else walk.accept(pack.get(block.cid) ?? (await store.get(block.cid, { signal })))
    }
  } catch (error) {
    throw fromPeer(error, 'whoever published it')
  }
}
