import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { NotFoundError } from '../../model/errors.ts'
import { createLocalPeer } from '../local-peer.ts'
import type { Peer } from '../peer.ts'
import { offerBlocks } from '../protocol/offer.ts'
import type { Remote } from '../remote/remote.ts'
import { type BundleBlocks, type BundleFile, openBundle } from './bundle-file.ts'
import { verifyBundle } from './verify-bundle.ts'

export interface BundleRemoteOptions extends AbortOptions {
  /** As the user wrote it (default: the path). */
  url?: string
  /** The blocks that are here, for what the bundle leaves out; undefined where nothing is here yet (a clone). */
  local?: BlockSource | undefined
  /** Whether a commit is here with all it reaches (default: none is). */
  isHere?: ((commit: CID) => Promise<boolean>) | undefined
}

/**
 * A bundle as a remote that can only be fetched from. It is gone through once, whole, before the first block of it is
 * used. Throws what `openBundle` throws; fetching from it, what `verifyBundle` throws.
 */
export async function openBundleRemote(path: string, options: BundleRemoteOptions = {}): Promise<Remote> {
  const { url = path, local = NOTHING, isHere = async () => false, signal } = options
  const bundle = await openBundle(path, { signal })
  const { heads, head, prerequisites, close } = bundle
  return {
    url,
    peers: [bundlePeer(bundle, url, { local, isHere })],
    list: async () => ({
      refs: heads.map(({ ref, cid }) => ({ name: ref, cid })),
      head,
      name: undefined,
      writable: false,
      prerequisites,
    }),
    close,
  }
}

/** A peer in this process that has what is in a bundle; `local` is where the rest is, and `isHere` says what of it is whole. */
export function bundlePeer(
  bundle: BundleFile,
  label: string,
  options: { local: BlockSource; isHere: (commit: CID) => Promise<boolean> },
): Peer {
  const prerequisites = new Set(bundle.prerequisites.map(String))
  let blocks: Promise<BundleBlocks> | undefined
  const verified = async (each: AbortOptions): Promise<BundleBlocks> => {
    await verifyBundle(bundle, { ...options, ...each })
    return bundle.index(each)
  }
  return {
    label,
    resolveName: async () => undefined,
    async openSync(each = {}) {
      const found = await (blocks ??= verified(each))
      const offer = offerBlocks({
        source: withFallback(found, options.local),
        // It was seen to be whole: what a commit in it reaches is in it too, or behind its prerequisites.
        mayServe: (cid) => prerequisites.has(cid.toString()) || found.has(cid),
      })
      return createLocalPeer({ label, record: async () => undefined, offer: () => offer }).openSync?.(each)
    },
  }
}

/** What prerequisites reach is not in the bundle: it is here. */
function withFallback(first: BlockSource, second: BlockSource): BlockSource {
  return {
    async get(cid, options) {
      try {
        return await first.get(cid, options)
      } catch (error) {
        if (error instanceof NotFoundError) return second.get(cid, options)
        throw error
      }
    },
  }
}

const NOTHING: BlockSource = {
  get: async (cid) => {
    throw new NotFoundError('block-missing', `there is no block ${cid.toString()} here`, {
      details: { cid: cid.toString() },
    })
  },
}
