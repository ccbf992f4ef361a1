import { CID } from 'multiformats/cid'
import { onTestFinished } from 'vitest'

import type { BlockSource } from '../../src/model/block.ts'
import { encodeCommit } from '../../src/model/commit/commit.ts'
import { linksOf } from '../../src/model/tree/reachability.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createTransferPack } from '../../src/sync/clone/transfer-pack.ts'
import type { ByteDuplex } from '../../src/sync/duplex.ts'
import { createDuplexPair } from '../../src/sync/memory-duplex.ts'
import type { ServedSync } from '../../src/sync/protocol/exchange.ts'
import type { Offer } from '../../src/sync/protocol/offer.ts'
import type { ReceivedSync } from '../../src/sync/protocol/receive-blocks.ts'
import { receiveSync, type ReceiveSyncOptions } from '../../src/sync/protocol/receive-sync.ts'
import { serveSync, type ServeSyncOptions } from '../../src/sync/protocol/serve-sync.ts'
import type { MemoryBlocks } from './memory-blocks.ts'
import { buildTree, type Leaf } from './memory-tree.ts'
import { offerAll } from './offer.ts'
import { ANN, temporaryFolder } from './repository.ts'

/** A commit in memory of a tree given by its leaves. */
export function commitTree(blocks: MemoryBlocks, leaves: Readonly<Record<string, Leaf>>, parents: CID[] = []): CID {
  return commitOf(blocks, buildTree(blocks, leaves), parents)
}

/** A commit in memory of a tree that is there already. */
export function commitOf(blocks: MemoryBlocks, tree: CID, parents: CID[] = [], message = 'x'): CID {
  const block = encodeCommit({ tree, parents, author: ANN, committer: ANN, message })
  blocks.put(block)
  return comparable(block.cid)
}

/** A CID whose bytes are no Buffer, so that it equals one that was parsed. */
export function comparable(cid: CID): CID {
  return CID.parse(cid.toString())
}

/** An empty store in a folder that goes when the test ends. */
export async function temporaryStore(): Promise<Store> {
  const store = await openStore(temporaryFolder())
  onTestFinished(() => store.close())
  return store
}

/** All that roots reach, as CIDs in text, found by other means than the walk of the protocol. */
export async function reachedBy(source: BlockSource, roots: readonly CID[]): Promise<Set<string>> {
  const found = new Map<string, CID>()
  const waiting = [...roots]
  for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
    if (found.has(cid.toString())) continue
    found.set(cid.toString(), cid)
    waiting.push(...linksOf(cid, await source.get(cid)))
  }
  return new Set(found.keys())
}

/** The digests in a store, in text. */
export async function digestsIn(store: Store): Promise<string[]> {
  const digests: string[] = []
  for await (const cid of store.cids()) digests.push(digestText(cid))
  return digests.sort()
}

/** A digest in text: what a store tells blocks apart by. */
export function digestText(cid: CID): string {
  return Buffer.from(cid.multihash.digest).toString('hex')
}

/** Receives over a duplex into a store. */
export async function receiveInto(
  store: Store,
  duplex: ByteDuplex,
  wants: readonly CID[],
  options: Partial<ReceiveSyncOptions> = {},
): Promise<ReceivedSync> {
  const pack = await createTransferPack(store)
  return receiveSync(duplex, { label: 'peer X', wants, pack, local: store, ...options })
}

/** Serves from a source and receives into a store, in this process. */
export async function transfer(
  source: BlockSource,
  store: Store,
  wants: readonly CID[],
  options: { receive?: Partial<ReceiveSyncOptions>; serve?: Partial<Offer & ServeSyncOptions> } = {},
): Promise<{ received: ReceivedSync; served: ServedSync }> {
  const [here, there] = createDuplexPair()
  const serving = serveSync(there, { ...offerAll(source), ...options.serve }, { label: 'client', ...options.serve })
  serving.catch(() => undefined)
  const received = await receiveInto(store, here, wants, options.receive)
  return { received, served: await serving }
}
