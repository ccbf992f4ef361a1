import { murmur364 } from '@multiformats/murmur3'

/** UnixFS's number for the hash function of shards: murmur3-x64-64 (multicodec table, truncated to 64 bits). */
export const HAMT_HASH = 0x22

/** Bits of a name's hash: so a shard of fanout 256 is at most 8 levels below the first. */
export const HASH_BITS = 64

/** The hash by which a name's slots are chosen: 8 bytes, used from the first bit of the first byte on. */
export function hashName(name: string): Uint8Array {
  return murmur364.encode(Buffer.from(name)) as Uint8Array
}

/** The slot of a hash at a depth, of 2^`bits` slots. */
export function slotOf(hash: Uint8Array, depth: number, bits: number): number {
  if (bits === 8) {
    return hash[depth] as number
  }
  let slot = 0
  for (let bit = depth * bits; bit < (depth + 1) * bits; bit++) {
    slot = (slot << 1) | (((hash[bit >>> 3] as number) >>> (7 - (bit & 7))) & 1)
  }
  return slot
}
