import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import { MAX_BLOCK } from '../../model/limits.ts'
import type { KnownBlocks } from '../../store/known-blocks.ts'
import { type BlockPack, fromPeer, putAside, type SyncProgress } from '../protocol/receive-blocks.ts'
import { IDLE_TIMEOUT_MS } from '../protocol/sync-limits.ts'
import { type BlockFrontier, createBlockFrontier } from './block-frontier.ts'
import { checkRoot } from './dag-node.ts'
import { createDagWalk } from './dag-walk.ts'
import { createOpenQuestions, type FetchBlock, type OpenQuestions } from './open-questions.ts'

/** What is fetched block by block, and where it goes. */
export interface FetchDagOptions extends AbortOptions {
  /** What errors call the source. */
  label: string
  wants: readonly CID[]
  /** What the wants must be (default `commit`); `any` takes trees and files too. */
  wanted?: 'commit' | 'manifest' | 'any'
  pack: BlockPack & { get(cid: CID): Uint8Array | undefined }
  local: BlockSource & KnownBlocks
  /** Whether a fetch that stops keeps what was verified (default false). */
  keepPartial?: boolean
  /** How long one question may stay open before it is asked again (default 5 s). */
  retryMs?: number
  /** How long nothing at all may come (default IDLE_TIMEOUT_MS). */
  idleTimeoutMs?: number
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** What was fetched. */
export interface FetchedDag {
  blocks: number
  bytes: number
}

/** Questions open at once: Bitswap stalls for ever over 1,024, and is at its best from some hundreds on. */
const MAX_OPEN_BLOCKS = 256
const MAX_OPEN_BYTES = 33_554_432

/** A block wanted again within 5 s is not asked for again by Bitswap. */
const RETRY_MS = 5000

/** What a block counts for whose size no link declares. */
const UNKNOWN_BYTES = 262_144

/**
 * Fetches what `wants` reach from whoever is not jzfs (Bitswap, a gateway), many blocks at once: at most 256, and
 * 32 MiB by declared size. Each block is hashed before it is written; when all are there, the whole is checked as
 * strictly as a transfer of ours, before the pack is finished. What `local` holds is not asked for.
 *
 * On failure the pack is aborted (or finished, with `keepPartial`, where nobody lied): IntegrityError
 * `peer-sent-corrupt-block`, and the codes of `receiveSync` for content; UnavailableError `peer-too-slow`; the
 * signal's reason; what `local` and `pack` throw.
 */
export async function fetchDag(fetchBlock: FetchBlock, options: FetchDagOptions): Promise<FetchedDag> {
  const { pack, signal, keepPartial = false } = options
  const stop = new AbortController()
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  try {
    // A leaf or a tree where a commit is wanted is told by its CID alone.
    for (const want of options.wants) checkRoot(want, options.wanted ?? 'commit')
    const frontier = createBlockFrontier(options.wants)
    const fetched = await fetchAll(fetchBlock, frontier, { ...options, signal: stopped })
    await checkWhole(frontier, options)
    await pack.finish()
    return fetched
  } catch (error) {
    await putAside(error, { pack, keepPartial, signal })
    throw error
  } finally {
    stop.abort()
  }
}

async function fetchAll(
  fetchBlock: FetchBlock,
  frontier: BlockFrontier,
  options: FetchDagOptions & { signal: AbortSignal },
): Promise<FetchedDag> {
  const { label, pack, onProgress, signal } = options
  const { idleTimeoutMs = IDLE_TIMEOUT_MS, retryMs = RETRY_MS } = options
  const questions = createOpenQuestions(fetchBlock, { label, signal, retryMs, idleTimeoutMs })
  const fetched: FetchedDag = { blocks: 0, bytes: 0 }
  for (;;) {
    await askAhead(frontier, questions, options)
    if (questions.count === 0) return fetched
    const { cid, bytes } = await questions.answer()
    if (cid.code === RAW) frontier.measure(cid, bytes.length)
    else openNode(frontier, cid, bytes, label)
    pack.add({ cid, bytes })
    fetched.blocks++
    fetched.bytes += bytes.length
    onProgress?.({ ...fetched, totalBlocks: undefined })
    await pack.drain()
  }
}

/** Asks for as many blocks as may be open at once, and passes those that are here. */
async function askAhead(
  frontier: BlockFrontier,
  questions: OpenQuestions,
  { local, signal }: FetchDagOptions,
): Promise<void> {
  while (questions.count < MAX_OPEN_BLOCKS && questions.bytes < MAX_OPEN_BYTES) {
    const next = frontier.next()
    if (next === undefined) return
    const { cid, tsize = UNKNOWN_BYTES } = next
    if (!local.hasDigest(cid.multihash.digest)) questions.ask(cid, Math.min(tsize, MAX_BLOCK))
    else if (cid.code !== RAW) frontier.open(cid, await local.get(cid, { signal }))
  }
}

function openNode(frontier: BlockFrontier, cid: CID, bytes: Uint8Array, label: string): void {
  try {
    frontier.open(cid, bytes)
  } catch (error) {
    throw fromPeer(error, label)
  }
}

/** Walks all of it once more, in order and strictly, in what was fetched and what was here. */
async function checkWhole(
  frontier: BlockFrontier,
  { label, wants, wanted = 'commit', pack, local, signal }: FetchDagOptions,
): Promise<void> {
  const walk = createDagWalk()
  try {
    walk.begin(wants, { isStrict: true, role: wanted })
    for (let block = walk.next(); block !== undefined; block = walk.next()) {
      if (block.isLeaf) walk.pass(frontier.leafSize(block.cid))
      else walk.accept(pack.get(block.cid) ?? (await local.get(block.cid, { signal })))
    }
  } catch (error) {
    throw fromPeer(error, label)
  }
}
