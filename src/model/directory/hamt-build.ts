import type { Block } from '../block.ts'
import { DAG_PB, cidOf } from '../cid.ts'
import { InvalidError } from '../errors.ts'
import { HAMT_FANOUT } from '../limits.ts'
import { encodeNode } from '../unixfs/dag-pb.ts'
import type { Link } from '../unixfs/dag-pb.ts'
import { UNIXFS_HAMT_SHARD, encodeUnixfs } from '../unixfs/unixfs-data.ts'
import { HAMT_HASH, HASH_BITS, hashName } from './hamt-slot.ts'

/** Receives blocks as they are made, children before parents. */
export type BlockReceiver = (block: Block) => void

/** What a shard holds: links in the order of their slots. The link of a shard below has the name ''. */
export interface ShardContent {
  slots: Uint8Array
  links: Link[]
}

/**
 * Builds the shards of a directory, `depth` levels below the first, from entries in any order, and returns the link to
 * the topmost. Time is linear in the entries: they are parted slot by slot, not compared.
 *
 * InvalidError `entry-duplicate` for a name given twice, `entry-names-collide` for two names with one hash.
 */
export function buildShards(entries: readonly Link[], depth: number, receive: BlockReceiver): Link {
  const hashes = new Uint8Array(8 * entries.length)
  const order = new Uint32Array(entries.length)
  for (let i = 0; i < entries.length; i++) {
    hashes.set(hashName((entries[i] as Link).name), 8 * i)
    order[i] = i
  }
  return buildRange(
    { entries, hashes, order, scratch: new Uint32Array(entries.length), receive },
    depth,
    0,
    order.length,
  )
}

/** Encodes one shard, hands its block on, and returns the link to it. */
export function encodeShard(content: ShardContent, receive: BlockReceiver): Link {
  const data = encodeUnixfs({
    type: UNIXFS_HAMT_SHARD,
    data: bitfieldOf(content.slots),
    hashType: HAMT_HASH,
    fanout: HAMT_FANOUT,
  })
  return sealNode(content.links, data, receive, content.slots)
}

/** Encodes a node of a directory, hands its block on, and returns the link to it. InvalidError `tree-too-large` over 2^53 bytes. */
export function sealNode(links: readonly Link[], data: Uint8Array, receive: BlockReceiver, slots?: Uint8Array): Link {
  const bytes = encodeNode(links, data, slots)
  const cid = cidOf(DAG_PB, bytes)
  let tsize = bytes.length
  for (const link of links) {
    tsize += link.tsize
  }
  if (!Number.isSafeInteger(tsize)) {
    throw new InvalidError('tree-too-large', 'a directory would hold more than 2^53 bytes', {
      hint: 'leave out some of what is in it',
    })
  }
  receive({ cid, bytes })
  return { name: '', cid: cid.bytes, tsize }
}

interface Parting {
  entries: readonly Link[]
  hashes: Uint8Array
  /** Numbers of entries; a range of it is one shard's. */
  order: Uint32Array
  scratch: Uint32Array
  receive: BlockReceiver
}

function buildRange(parting: Parting, depth: number, start: number, end: number): Link {
  const { entries, hashes, order } = parting
  if (depth * 8 >= HASH_BITS) {
    throw sameHash((entries[order[start] as number] as Link).name, (entries[order[start + 1] as number] as Link).name)
  }
  partBySlot(parting, depth, start, end)
  const slots: number[] = []
  const links: Link[] = []
  for (let from = start; from < end;) {
    const slot = hashes[8 * (order[from] as number) + depth] as number
    let to = from + 1
    while (to < end && hashes[8 * (order[to] as number) + depth] === slot) {
      to++
    }
    slots.push(slot)
    links.push(to === from + 1 ? (entries[order[from] as number] as Link) : buildRange(parting, depth + 1, from, to))
    from = to
  }
  return encodeShard({ slots: Uint8Array.from(slots), links }, parting.receive)
}

/** Orders a range by its entries' slots at a depth: by counting, or by comparing where it is short. */
function partBySlot(parting: Parting, depth: number, start: number, end: number): void {
  const { hashes, order, scratch } = parting
  if (end - start <= 64) {
    order.subarray(start, end).sort((a, b) => (hashes[8 * a + depth] as number) - (hashes[8 * b + depth] as number))
    return
  }
  const next = new Uint32Array(HAMT_FANOUT + 1)
  for (let i = start; i < end; i++) {
    const above = (hashes[8 * (order[i] as number) + depth] as number) + 1
    next[above] = (next[above] as number) + 1
  }
  for (let slot = 1; slot <= HAMT_FANOUT; slot++) {
    next[slot] = (next[slot] as number) + (next[slot - 1] as number)
  }
  for (let i = start; i < end; i++) {
    const number = order[i] as number
    const slot = hashes[8 * number + depth] as number
    const place = next[slot] as number
    next[slot] = place + 1
    scratch[start + place] = number
  }
  order.set(scratch.subarray(start, end), start)
}

/** One bit a slot, slot 0 the lowest bit of the last byte; leading zero bytes are left out. */
function bitfieldOf(slots: Uint8Array): Uint8Array {
  const bits = new Uint8Array(HAMT_FANOUT / 8)
  for (const slot of slots) {
    const byte = bits.length - 1 - (slot >>> 3)
    bits[byte] = (bits[byte] as number) | (1 << (slot & 7))
  }
  return bits.subarray(bits.findIndex((byte) => byte !== 0))
}

function sameHash(a: string, b: string): InvalidError {
  if (a === b) {
    return duplicateEntry(a)
  }
  const names = `${JSON.stringify(a)} and ${JSON.stringify(b)}`
  return new InvalidError(
    'entry-names-collide',
    `a large directory cannot hold both ${names}: their hashes are equal`,
    {
      hint: 'rename one of them',
      details: { names: [a, b] },
    },
  )
}

/** The error for a name that was given twice. */
export function duplicateEntry(name: string): InvalidError {
  return new InvalidError('entry-duplicate', `a directory cannot hold ${JSON.stringify(name)} twice`, {
    hint: 'give each entry once',
    details: { name },
  })
}
