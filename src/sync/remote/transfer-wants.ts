import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { JzfsError } from '../../model/errors.ts'
import { beginPartial } from '../../repo/refs/partial-ref.ts'
import type { Repository } from '../../repo/repository.ts'
import type { ArrivingFiles } from '../../worktree/arriving/arriving-files.ts'
import { fetchFromPeers } from '../clone/fetch-from-peers.ts'
import type { Peer } from '../peer.ts'
import type { SyncProgress } from '../protocol/receive-blocks.ts'
import { MAX_WANTS } from '../protocol/sync-limits.ts'

/** What is brought, and from whom. */
export interface TransferOptions extends AbortOptions {
  repository: Repository
  peers: readonly Peer[]
  wants: readonly CID[]
  /** Roots that are here with all they reach. */
  haves: readonly CID[]
  /** What the wants must be. */
  wanted: 'commit' | 'any'
  /** Files that are written while their blocks come. */
  arriving?: Pick<ArrivingFiles, 'note'> | undefined
  idleTimeoutMs?: number | undefined
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** What came. */
export interface Transferred {
  blocks: number
  bytes: number
  /** Blocks of an earlier try that were not sent again. */
  resumed: number
  /** What was wrong with peers before one gave the rest. */
  failures: JzfsError[]
  /** The label of the peer that gave the last of it; undefined where nobody was asked. */
  peer?: string
}

/** Nothing was brought. */
export const NOTHING_TRANSFERRED: Transferred = { blocks: 0, bytes: 0, resumed: 0, failures: [] }

/**
 * Brings wants into the repository, as many requests as they need; each is a root of its own until its caller says that
 * a ref names it (`endPartial`), so that what an interrupted transfer brought is there for the next one. Throws what
 * `fetchFromPeers` throws.
 */
export async function transferWants(options: TransferOptions): Promise<Transferred> {
  const { repository, wants, haves, ...rest } = options
  const total: Transferred = { ...NOTHING_TRANSFERRED, failures: [] }
  for (let start = 0; start < wants.length; start += MAX_WANTS) {
    const batch = wants.slice(start, start + MAX_WANTS)
    for (const want of batch) await beginPartial(repository.layout, want)
    const fetched = await fetchFromPeers({
      ...rest,
      wants: batch,
      // What came before is here by now.
      haves: [...haves, ...wants.slice(0, start)],
      store: repository.store,
    })
    total.blocks += fetched.blocks
    total.bytes += fetched.bytes
    total.resumed += fetched.resumed
    total.failures.push(...fetched.failures)
    total.peer = fetched.peer
  }
  return total
}
