import { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import { IntegrityError, NotFoundError } from '../../model/errors.ts'
import { linksOf } from '../../model/tree/reachability.ts'
import type { Store } from '../../store/store.ts'
import { createLiveBlocks } from '../../store/sweep/live-blocks.ts'
import type { KnownNumbers } from '../../store/sweep/young-blocks.ts'
import { type ObjectType, readObjectType } from '../revision/object-type.ts'
import type { VerifyRun } from '../verify/verify-run.ts'
import type { OrphanFinding } from './fsck-finding.ts'

export interface OrphanOptions extends AbortOptions {
  /** `unreachable`: all of them; `dangling`: those that no other orphan links. */
  show: 'unreachable' | 'dangling'
  /** Blocks written since then are left out: what refers to them may not have been seen. Milliseconds since the epoch. */
  beforeMs: number
}

/** The blocks that the walk has not met, each once. Memory: 48 bytes for each of them. */
export async function* findOrphans(
  store: Store,
  walk: VerifyRun,
  { show, beforeMs, signal }: OrphanOptions,
): AsyncGenerator<OrphanFinding> {
  const met = numbersOf(walk)
  const linked = createLiveBlocks()
  const orphans = (): AsyncGenerator<CID> => store.young(met, { sinceMs: Number.NEGATIVE_INFINITY, beforeMs })
  if (show === 'dangling') {
    for await (const cid of orphans()) {
      signal?.throwIfAborted()
      for (const link of await linksIfSound(store, cid)) linked.add(link.multihash.digest)
    }
  }
  for await (const cid of orphans()) {
    signal?.throwIfAborted()
    // Also the second copy of one that was named already.
    if (linked.find(cid.multihash.digest) !== -1) continue
    linked.add(cid.multihash.digest)
    yield { kind: 'orphan', severity: 'none', code: show, cid, type: await typeOf(store, cid) }
  }
}

function numbersOf(walk: VerifyRun): KnownNumbers {
  const find = (digest: Uint8Array): number => (walk.isMet(digest) ? 0 : -1)
  return { find, findWords: (words, at) => find(new Uint8Array(words.buffer, words.byteOffset + at * 4, 32)) }
}

async function linksIfSound(store: Store, cid: CID): Promise<CID[]> {
  if (cid.code === RAW) return []
  try {
    return linksOf(cid, await store.get(cid))
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof NotFoundError) return []
    throw error
  }
}

async function typeOf(store: Store, cid: CID): Promise<ObjectType> {
  try {
    return await readObjectType(store, cid)
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof NotFoundError) return 'unknown'
    throw error
  }
}
