import type { BlockSource } from '../../model/block.ts'
import type { PackWriter } from './pack-writer.ts'

/** Blocks of a pack that is being written, and those of the store it is written for. */
export function packAndStore(pack: Pick<PackWriter, 'get'>, store: BlockSource): BlockSource {
  return { get: async (cid, options) => pack.get(cid) ?? store.get(cid, options) }
}
