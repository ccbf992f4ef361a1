import { setImmediate } from 'node:timers/promises'

import { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { DAG_JSON, DAG_PB, RAW, SHA2_256 } from '../../model/cid.ts'
import { IntegrityError, NotFoundError } from '../../model/errors.ts'
import { linksOf } from '../../model/tree/reachability.ts'
import { linkCid, scanNode } from '../../model/unixfs/dag-pb.ts'
import type { Store } from '../../store/store.ts'
import { FOLLOWED, type LiveBlocks } from '../../store/sweep/live-blocks.ts'

/** How a root is marked: `whole`, all it reaches must be there; `rest`, what of it is there. */
export type MarkMode = 'whole' | 'rest'

/** Marks what roots reach as live. Nothing is forgotten between calls: marking again costs what is new. */
export interface Marker {
  readonly live: LiveBlocks
  /**
   * Marks a block and all it reaches; leaves are not read. Throws in mode `whole` what reading throws for a node that is
   * missing or corrupt, and IntegrityError for one that is no node.
   */
  mark(cid: CID, mode: MarkMode): Promise<void>
  /** Marks a block with nothing behind it. */
  markLeaf(digest: Uint8Array): void
  /** Whether a node and all behind it was marked. */
  isMarked(digest: Uint8Array): boolean
}

export interface MarkerOptions extends AbortOptions {
  onProgress?: ((progress: { blocks: number }) => void) | undefined
}

/** Nodes between two reports of progress. */
const NODES_PER_REPORT = 256

/** Makes a marker of blocks in `store`. Memory: 48 bytes a block, and the nodes on the way to the current one. */
export function createMarker(
  store: Pick<Store, 'get' | 'getSync'>,
  live: LiveBlocks,
  { signal, onProgress }: MarkerOptions = {},
): Marker {
  let nodes = 0
  const read = async (cid: CID): Promise<Uint8Array> => {
    if (++nodes % NODES_PER_REPORT === 0) {
      onProgress?.({ blocks: live.size })
      // Reads of packs are synchronous: signals and timers get their turn here.
      await setImmediate()
      signal?.throwIfAborted()
    }
    return store.getSync(cid) ?? store.get(cid, { signal })
  }

  /** The links of a node that was not followed yet; undefined where it is not there. */
  const open = async (cid: CID, mode: MarkMode): Promise<Links | undefined> => {
    try {
      const links = openLinks(cid, await read(cid))
      // Only now: a node that is missing yet may have come when it is met again.
      if (isOurs(cid)) live.set(live.add(cid.multihash.digest), FOLLOWED)
      return links
    } catch (error) {
      const isAbsent = error instanceof NotFoundError || error instanceof IntegrityError
      if (mode === 'rest' && isAbsent) return undefined
      throw error
    }
  }

  return {
    live,
    async mark(cid, mode) {
      if (isOurs(cid) ? isDone(live, cid.bytes) : cid.multihash.code === IDENTITY) return
      const root = await open(cid, mode)
      const stack = root === undefined ? [] : [{ links: root, next: 0 }]
      for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
        const { links } = frame
        const link = frame.next < links.count ? links.at(frame.next++) : undefined
        // Nothing comes after the last link: so a long history is not a deep stack.
        if (frame.next === links.count) stack.pop()
        if (link === undefined || isDone(live, link)) continue
        const below = await open(CID.decode(new Uint8Array(link)), mode)
        if (below !== undefined) stack.push({ links: below, next: 0 })
      }
    },
    markLeaf(digest) {
      live.add(digest)
    },
    isMarked(digest) {
      const block = live.find(digest)
      return block !== -1 && live.is(block, FOLLOWED)
    },
  }
}

/** Blocks of other hash functions can only be roots, and are never removed. */
function isOurs({ multihash }: CID): boolean {
  return multihash.code === SHA2_256 && multihash.digest.length === 32
}

/** Marks a block, by the bytes of its CID, and says whether nothing is to be followed: of a leaf, or once more. */
function isDone(live: LiveBlocks, link: Uint8Array): boolean {
  const block = live.add(link.subarray(link.length - 32))
  return (link[0] === 1 && link[1] === RAW) || live.is(block, FOLLOWED)
}

/** Multihash code of "the digest is the content itself": such a block is never stored. */
const IDENTITY = 0x00

interface Links {
  count: number
  /** The bytes of a link's CID. */
  at(index: number): Uint8Array
}

function openLinks(cid: CID, bytes: Uint8Array): Links {
  if (cid.code === DAG_PB) {
    const node = scanNode(cid, bytes)
    return { count: node.count, at: (index) => linkCid(node, index) }
  }
  // Of another codec we know nothing but that it is referred to.
  const links = cid.code === DAG_JSON ? linksOf(cid, bytes).map((link) => link.bytes) : []
  return { count: links.length, at: (index) => links[index]! }
}
