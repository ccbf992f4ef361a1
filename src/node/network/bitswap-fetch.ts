import type { Blocks } from '@helia/interface'
import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'

/**
 * Gets one block by Bitswap (a Helia's `blockstore`) from the peers that are connected, verified by Helia. It waits until
 * the signal aborts; how many are asked for at a time, and when to ask again, is the caller's business.
 */
export async function fetchByBitswap(
  blocks: Pick<Blocks, 'get'>,
  cid: CID,
  { signal }: AbortOptions = {},
): Promise<Uint8Array> {
  for await (const bytes of blocks.get(cid, signal === undefined ? {} : { signal })) return bytes
  throw new TypeError(`a blockstore gave nothing for ${cid.toString()}`)
}
