import type { BlockSource } from '../../src/model/block.ts'
import { type Offer, offerBlocks } from '../../src/sync/protocol/offer.ts'

/** An offer of all blocks of a source. */
export function offerAll(source: BlockSource): Offer {
  return offerBlocks({ source, mayServe: () => true })
}
