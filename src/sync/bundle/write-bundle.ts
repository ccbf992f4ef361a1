import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { type BundleRoot, encodeBundleRoot } from '../../model/bundle/bundle-root.ts'
import { carStart } from '../protocol/car-stream.ts'
import { createSectionSender } from '../protocol/section-sender.ts'
import { createDagWalk } from '../walk/dag-walk.ts'
import { orderedBlocks, passHaves } from '../walk/walk-source.ts'

/** How far a bundle is. */
export interface BundleProgress {
  blocks: number
  bytes: number
}

export interface WriteBundleOptions extends AbortOptions {
  onProgress?: ((progress: BundleProgress) => void) | undefined
}

/** What is read before it is needed. */
const READ_AHEAD = { blocks: 64, bytes: 8_388_608 }

/**
 * The bytes of a bundle, in pieces: a CARv1 whose root is the block of `root`, then what its heads reach and its
 * prerequisites do not, in the order of `/jzfs/sync/1`. Specified in README.md.
 *
 * The same refs give the same bytes. Throws InvalidError `bundle-field-invalid`, and what `source` throws for a block
 * that is missing or corrupt.
 */
export async function* writeBundle(
  source: BlockSource,
  root: BundleRoot,
  { signal, onProgress }: WriteBundleOptions = {},
): AsyncGenerator<Uint8Array> {
  const first = encodeBundleRoot(root)
  const walk = createDagWalk()
  await passHaves(walk, root.prerequisites, source, { signal })
  walk.begin(rootsOf(root), { isStrict: false, role: 'any' })
  const pieces: Uint8Array[] = []
  const sender = createSectionSender(async (bytes) => void pieces.push(bytes))
  pieces.push(carStart([first.cid]))
  await sender.send(first)
  let blocks = 0
  for await (const batch of orderedBlocks(walk, source, { skip: 0, readAhead: READ_AHEAD, signal })) {
    for (const { cid, bytes } of batch) {
      await sender.send({ cid, bytes: await bytes })
      blocks++
      if (pieces.length > 0) onProgress?.({ blocks, bytes: sender.bytes })
      yield* pieces.splice(0)
    }
  }
  await sender.flush()
  onProgress?.({ blocks, bytes: sender.bytes })
  yield* pieces
}

/** What the blocks of a bundle are reached from: its heads, each once, in the order of their refs. */
export function rootsOf({ heads }: BundleRoot): CID[] {
  return [...new Map(heads.map(({ cid }) => [cid.toString(), cid])).values()]
}
