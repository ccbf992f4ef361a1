import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { DagWalk, WalkedBlock } from './dag-walk.ts'
import { createWalkPause } from './walk-pause.ts'

/** How much may be read before it is needed. */
export interface ReadAhead {
  /** Blocks. */
  blocks: number
  /** Bytes, as links declare them. */
  bytes: number
}

/** A block in the order of a walk; its bytes may still be on their way. */
export interface OrderedBlock {
  cid: CID
  bytes: Uint8Array | Promise<Uint8Array>
}

/** What a leaf counts for whose link does not say its size. */
const UNKNOWN_LEAF_BYTES = 1_048_576

/**
 * Walks roots that are all here, so that a walk after it leaves them out: the commits that they reach, and the trees of the
 * roots themselves. Leaves are not read.
 */
export async function passHaves(
  walk: DagWalk,
  roots: readonly CID[],
  source: BlockSource,
  options?: AbortOptions,
): Promise<void> {
  const pause = createWalkPause(options)
  walk.begin(roots, { isStrict: false, role: 'any', leavesOut: true })
  for (let block = walk.next(); block !== undefined; block = walk.next()) {
    walk.accept(source.getSync?.(block.cid) ?? (await source.get(block.cid, options)))
    const pausing = pause()
    if (pausing !== undefined) await pausing
  }
}

/** Blocks and bytes of those that are given together: to give each alone costs as much as to read it. */
const BATCH_BLOCKS = 64
const BATCH_BYTES = 262_144

/**
 * Goes to the end of a walk that has begun, and gives its blocks in order but for the first `skip`, a few at a time. Leaves that the source
 * does not have at once are read ahead; all are left out where only `nodes` are wanted. Nodes are read when the walk comes to them.
 */
export async function* orderedBlocks(
  walk: DagWalk,
  source: BlockSource,
  { skip, nodes = false, readAhead, signal }: { skip: number; nodes?: boolean; readAhead: ReadAhead } & AbortOptions,
): AsyncGenerator<OrderedBlock[]> {
  const pause = createWalkPause({ signal })
  const queue: (OrderedBlock & { size: number })[] = []
  const read = (cid: CID): OrderedBlock['bytes'] => {
    const known = source.getSync?.(cid)
    if (known !== undefined) return known
    const reading = source.get(cid, { signal })
    // It is awaited in its turn; failing before that is no unhandled rejection.
    reading.catch(() => undefined)
    return reading
  }
  let passed = 0
  let queuedBytes = 0
  let batch: OrderedBlock[] = []
  let batchBytes = 0
  let block: WalkedBlock | undefined
  do {
    const pausing = pause()
    if (pausing !== undefined) await pausing
    block = walk.next()
    if (nodes && block?.isLeaf === true) walk.pass()
    else if (block !== undefined) {
      const isSkipped = passed++ < skip
      const { cid, isLeaf, tsize = UNKNOWN_LEAF_BYTES } = block
      const bytes = isLeaf && isSkipped ? undefined : read(cid)
      if (isLeaf) walk.pass()
      else walk.accept(await bytes!)
      if (!isSkipped && queue.length === 0 && bytes instanceof Uint8Array) {
        batch.push({ cid, bytes })
        batchBytes += bytes.length
      } else if (!isSkipped) {
        const size = isLeaf ? tsize : 0
        queue.push({ cid, bytes: bytes!, size })
        queuedBytes += size
      }
    }
    while (queue.length > (block === undefined ? 0 : readAhead.blocks) || queuedBytes > readAhead.bytes) {
      const first = queue.shift()!
      queuedBytes -= first.size
      batch.push(first)
      batchBytes += first.size
    }
    if (batch.length >= BATCH_BLOCKS || batchBytes >= BATCH_BYTES || (block === undefined && batch.length > 0)) {
      yield batch
      batch = []
      batchBytes = 0
    }
  } while (block !== undefined)
}
