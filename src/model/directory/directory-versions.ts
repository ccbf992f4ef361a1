import type { AbortOptions, BlockSource } from '../block.ts'
import { compareBytes, compareNames } from '../compare.ts'
import { linkName } from '../unixfs/dag-pb.ts'
import type { Link, PbNode } from '../unixfs/dag-pb.ts'
import { countEqualLinks } from './directory-diff.ts'
import { isShardLink } from './directory-node.ts'
import type { DirectoryNode } from './directory-node.ts'
import { collectLinks, entryLink, linksOfSlot, openShardBelow, toCid } from './directory-read.ts'
import type { ShardPlace } from './directory-read.ts'

/** The same thing in three versions; undefined where a version does not have it. */
export interface Versions<T> {
  base: T | undefined
  ours: T | undefined
  theirs: T | undefined
}

/** A name that does not stand for the same in three versions of a directory. */
export interface NamedVersions extends Versions<Link> {
  name: string
}

/** How versions are compared. */
export interface CompareOptions extends AbortOptions {
  /**
   * Takes shards, of a directory that all three versions have, in which ours alone differs: they are not opened, and what
   * is in them is not among what was found. Default: they are opened as all others.
   */
  onOursAlone?: ((shard: UnopenedShard) => void) | undefined
}

/** A shard that was not opened yet. */
export interface UnopenedShard {
  /** What differs in it, in the order of the names' bytes. */
  open(): Promise<Iterable<NamedVersions>>
}

/**
 * What differs between three versions of a directory (undefined: it is not there), in the order of the names' bytes:
 * every name that not all three have, or that has not one CID in all.
 *
 * Plain ones are compared on their bytes. Sharded ones are walked together: a shard that is the same in all three is not
 * opened, one that two versions share is opened once. Plain and sharded ones together are enumerated.
 */
export async function compareVersions(
  source: BlockSource,
  versions: Versions<DirectoryNode>,
  options?: CompareOptions,
): Promise<Iterable<NamedVersions>> {
  const all = [versions.base, versions.ours, versions.theirs]
  const there = all.filter((each) => each !== undefined)
  if (there.every(({ shard }) => shard === undefined)) return comparePlain(all)
  const bits = there[0]?.shard?.bits
  const found = new FoundLinks()
  if (there.length > 1 && there.every(({ shard }) => shard?.bits === bits)) {
    const places = all.map((directory) => directory && { directory, path: [] })
    await compareShards(source, places, found, there.length === 3 ? options : { ...options, onOursAlone: undefined })
  } else {
    for (const [at, directory] of all.entries()) {
      if (directory !== undefined) found.add(at, await collectLinks(source, directory, options))
    }
  }
  return found.differing()
}

/** Goes through plain directories together; only links that differ become objects. */
function* comparePlain(all: readonly (DirectoryNode | undefined)[]): Generator<NamedVersions> {
  const places = [0, 0, 0]
  const passEqual = createPasser(all, places)
  for (;;) {
    passEqual()
    const { first, firstAt, here } = firstName(all, places)
    if (first === undefined) return
    if (here !== 7 || !isOneCid(all, places)) {
      const at = (side: number) =>
        (here & (1 << side)) === 0 ? undefined : entryLink(all[side] as DirectoryNode, places[side] as number)
      yield { name: linkName(first, firstAt), base: at(0), ours: at(1), theirs: at(2) }
    }
    for (let side = 0; side < 3; side++) {
      if ((here & (1 << side)) !== 0) places[side] = (places[side] as number) + 1
    }
  }
}

/** Which name comes first of those at the places, and on which sides it stands, as bits. */
function firstName(
  all: readonly (DirectoryNode | undefined)[],
  places: readonly number[],
): { first: PbNode | undefined; firstAt: number; here: number } {
  let first: PbNode | undefined
  let firstAt = 0
  let here = 0
  for (let side = 0; side < 3; side++) {
    const node = all[side]?.node
    const at = places[side] as number
    if (node === undefined || at >= node.count) continue
    const order = first === undefined ? -1 : compareLinkNames(node, at, first, firstAt)
    if (order > 0) continue
    if (order < 0) {
      first = node
      firstAt = at
      here = 0
    }
    here |= 1 << side
  }
  return { first, firstAt, here }
}

/** Makes a function that moves the places on past all links that have the same bytes on all three sides. */
function createPasser(all: readonly (DirectoryNode | undefined)[], places: number[]): () => void {
  const [base, ...others] = all.map((each) => each?.node)
  // Of ours and theirs: up to where in the base the links are known to be equal, and how far apart the places were there.
  const known = others.map(() => ({ end: 0, distance: 0 }))
  const equalTo = (side: number): number => {
    const node = others[side]
    const [at, other] = [places[0] as number, places[side + 1] as number]
    const row = known[side] as { end: number; distance: number }
    if (base === undefined || node === undefined) return at
    if (row.end <= at || row.distance !== other - at) {
      known[side] = { end: at + countEqualLinks(base, at, node, other), distance: other - at }
    }
    return (known[side] as { end: number }).end
  }
  return () => {
    const end = Math.min(equalTo(0), equalTo(1))
    const links = end - (places[0] as number)
    for (let side = 0; side < 3; side++) places[side] = (places[side] as number) + links
  }
}

/** The order of two links' names, by their bytes. Names are short: a call into Buffer would cost more than the loop. */
function compareLinkNames(a: PbNode, i: number, b: PbNode, j: number): number {
  let x = a.places[4 * i + 2] as number
  let y = b.places[4 * j + 2] as number
  const endX = a.places[4 * i + 3] as number
  const endY = b.places[4 * j + 3] as number
  for (; x < endX && y < endY; x++, y++) {
    const difference = (a.bytes[x] as number) - (b.bytes[y] as number)
    if (difference !== 0) return difference
  }
  return endX - x - (endY - y)
}

function isOneCid(all: readonly (DirectoryNode | undefined)[], places: readonly number[]): boolean {
  const [base, ours, theirs] = all as DirectoryNode[]
  const [i, j, k] = places as [number, number, number]
  return isSameCid(base?.node, i, ours?.node, j) && isSameCid(base?.node, i, theirs?.node, k)
}

/** Compares CIDs from their ends, where different ones differ. */
function isSameCid(a: PbNode | undefined, i: number, b: PbNode | undefined, j: number): boolean {
  if (a === undefined || b === undefined) return false
  let x = a.places[4 * i + 1] as number
  let y = b.places[4 * j + 1] as number
  const start = a.places[4 * i] as number
  if (x - start !== y - (b.places[4 * j] as number)) return false
  while (x > start) {
    if (a.bytes[--x] !== b.bytes[--y]) return false
  }
  return true
}

/** Links that were seen on three sides, by name: what is the same on all falls out. */
class FoundLinks {
  readonly #sides = [new Map<string, Link>(), new Map<string, Link>(), new Map<string, Link>()]

  add(side: number, links: Iterable<Link>): void {
    for (const link of links) this.#sides[side]?.set(link.name, link)
  }

  *differing(): Generator<NamedVersions> {
    const [base, ours, theirs] = this.#sides as [Map<string, Link>, Map<string, Link>, Map<string, Link>]
    const names = new Set([...base.keys(), ...ours.keys(), ...theirs.keys()])
    for (const name of [...names].sort(compareNames)) {
      const named = { name, base: base.get(name), ours: ours.get(name), theirs: theirs.get(name) }
      if (!isSameLink(named.base, named.ours) || !isSameLink(named.base, named.theirs)) yield named
    }
  }
}

/** Whether two links lead to one CID, or both are not there. */
export function isSameLink(a: Link | undefined, b: Link | undefined): boolean {
  return a === undefined || b === undefined ? a === b : compareBytes(a.cid, b.cid) === 0
}

async function compareShards(
  source: BlockSource,
  places: readonly (ShardPlace | undefined)[],
  found: FoundLinks,
  options: CompareOptions | undefined,
): Promise<void> {
  for (const slot of slotsOf(places)) {
    const indexes = places.map((place) => place?.directory.shard?.slots.indexOf(slot) ?? -1)
    const links = places.map((place, side) =>
      place === undefined || indexes[side] === -1 ? undefined : entryLink(place.directory, indexes[side] as number),
    )
    const isTheirsBase = isSameLink(links[0], links[2])
    if (isTheirsBase && isSameLink(links[0], links[1])) continue
    const here: SlotVersions = { places, indexes, links }
    if (isTheirsBase && options?.onOursAlone !== undefined && links.some((link) => link?.name === '')) {
      const { onOursAlone, ...rest } = options
      onOursAlone({
        async open() {
          const inside = new FoundLinks()
          await compareSlot(source, here, inside, rest)
          return inside.differing()
        },
      })
      continue
    }
    await compareSlot(source, here, found, options)
  }
}

/** One slot of three versions of a shard; -1 and undefined where a version has nothing there. */
interface SlotVersions {
  places: readonly (ShardPlace | undefined)[]
  indexes: readonly number[]
  links: readonly (Link | undefined)[]
}

async function compareSlot(
  source: BlockSource,
  { places, indexes, links }: SlotVersions,
  found: FoundLinks,
  options: CompareOptions | undefined,
): Promise<void> {
  const isShard = places.map((place, side) => indexes[side] !== -1 && isShardAt(place, indexes[side] as number))
  if (isShard.every((is, side) => is || indexes[side] === -1)) {
    await compareShards(source, await openBelow(source, places, indexes, links, options), found, options)
    return
  }
  for (const [side, place] of places.entries()) {
    if (place === undefined || indexes[side] === -1) continue
    found.add(side, await linksOfSlot(source, place, indexes[side] as number, options))
  }
}

function slotsOf(places: readonly (ShardPlace | undefined)[]): Set<number> {
  const slots = new Set<number>()
  for (const place of places) for (const slot of place?.directory.shard?.slots ?? []) slots.add(slot)
  return slots
}

function isShardAt(place: ShardPlace | undefined, index: number): boolean {
  return place !== undefined && isShardLink(place.directory, index)
}

/** Opens the shards behind the links of one slot, each CID once. */
async function openBelow(
  source: BlockSource,
  places: readonly (ShardPlace | undefined)[],
  indexes: readonly number[],
  links: readonly (Link | undefined)[],
  options?: AbortOptions,
): Promise<(ShardPlace | undefined)[]> {
  const opened = new Map<string, ShardPlace>()
  const below: (ShardPlace | undefined)[] = []
  for (const [side, place] of places.entries()) {
    const link = links[side]
    if (place === undefined || link === undefined) {
      below.push(undefined)
      continue
    }
    const key = toCid(link.cid).toString()
    const known = opened.get(key) ?? (await openShardBelow(source, place, indexes[side] as number, options))
    opened.set(key, known)
    below.push(known)
  }
  return below
}
