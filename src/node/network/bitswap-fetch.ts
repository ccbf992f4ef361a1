import type { Blocks } from '@helia/interface'
import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { SHA2_256, sha256 } from '../../model/cid.ts'

/**
 * Gets one block by Bitswap (a Helia's `blockstore`) from the peers that are connected, verified by Helia. It waits until
 * the signal aborts; how many are asked for at a time, and when to ask again, is the caller's business. For the block of
 * no bytes nobody is asked.
 */
export async function fetchByBitswap(
  blocks: Pick<Blocks, 'get'>,
  cid: CID,
  { signal }: AbortOptions = {},
): Promise<Uint8Array> {
  // An empty file's: it never arrives from a Kubo that has it.
  if (isOfNothing(cid)) return new Uint8Array()
  for await (const bytes of blocks.get(cid, signal === undefined ? {} : { signal })) return bytes
  throw new TypeError(`a blockstore gave nothing for ${cid.toString()}`)
}

function isOfNothing({ multihash }: CID): boolean {
  return multihash.code === SHA2_256 && Buffer.compare(multihash.digest, DIGEST_OF_NOTHING) === 0
}

const DIGEST_OF_NOTHING = sha256(new Uint8Array())
