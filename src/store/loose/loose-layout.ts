import type { ShardingStrategy } from 'blockstore-fs/sharding'
import { base32upper } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'

import { RAW } from '../../model/cid.ts'

const EXTENSION = '.data'

/**
 * Where the file of a loose block is: blockstore-fs's own layout (`XY/MULTIHASH.data`, in base32 upper case, XY its last
 * two letters), which it can read back for sha2-256 alone; here for every hash function, as CIDv1 of codec raw.
 */
export const LOOSE_LAYOUT: ShardingStrategy = {
  extension: EXTENSION,
  encode: (cid) => {
    const name = base32upper.encode(cid.multihash.bytes)
    return { dir: name.slice(-2), file: `${name}${EXTENSION}` }
  },
  decode: (path) => {
    const name = path.slice(path.lastIndexOf('/') + 1, -EXTENSION.length)
    return CID.createV1(RAW, Digest.decode(base32upper.decode(name)))
  },
}
