import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { RAW, SHA2_256 } from '../../model/cid.ts'
import { JzfsError, NotFoundError } from '../../model/errors.ts'
import type { Home } from '../home/home.ts'
import { createOpenRepositories } from './open-repositories.ts'
import { createPublishedSets, type PublishedProblem, type PublishedSet } from './published-sets.ts'

/** Who asks: everybody, a peer whose id is proven, or this node itself. */
export type Asker = 'everybody' | { peerId: string } | 'self'

/** What one asker may have, as it is published at the moment. */
export interface ServedView extends BlockSource {
  /** Whether something published to the asker reaches the block. */
  mayServe(cid: CID): boolean
  /** How many blocks a head reaches that is published to the asker; undefined for anything else. */
  countBlocks(head: CID): number | undefined
  /** As a BlockSource: what may not be served is missing. */
  get(cid: CID, options?: AbortOptions): Promise<Uint8Array>
}

/** The blocks that a home serves. */
export interface ServedBlocks {
  /** What an asker may have now. Made anew for each request. */
  view(asker: Asker): ServedView
  /** What is published, and what of it cannot be served. */
  list(): Promise<{ sets: PublishedSet[]; problems: PublishedProblem[] }>
  close(): Promise<void>
}

export interface ServedBlocksOptions {
  /** Told of a block that is published and damaged or missing here. It is not served. */
  onProblem?: ((error: JzfsError) => void) | undefined
}

/** The blocks that a home serves, read from its repositories' own files. */
export function createServedBlocks(home: Home, { onProblem }: ServedBlocksOptions = {}): ServedBlocks {
  const sets = createPublishedSets(home)
  const repositories = createOpenRepositories('jzfs daemon')
  const read = async (cid: CID, found: PublishedSet[], options?: AbortOptions): Promise<Uint8Array> => {
    for (const set of found) {
      try {
        return await (await repositories.get(set.path, set.repositoryId)).store.get(cid, options)
      } catch (error) {
        if (!(error instanceof JzfsError)) throw error
        onProblem?.(error)
      }
    }
    throw notServed(cid)
  }
  return {
    view(asker) {
      const visible = sets.list().sets.filter(({ audience }) => isVisible(audience, asker))
      const having = (cid: CID): PublishedSet[] => visible.filter(({ digests }) => isMember(digests, cid))
      return {
        mayServe: (cid) => having(cid).length > 0,
        countBlocks: (head) =>
          visible.find(({ digests }) => Buffer.compare(digests.head, head.bytes) === 0)?.digests.count,
        get: (cid, options) => read(cid, having(cid), options),
      }
    },
    async list() {
      const listed = sets.list()
      const checked = await Promise.all(
        listed.sets.map(async (set) => {
          try {
            await repositories.get(set.path, set.repositoryId)
            return undefined
          } catch (error) {
            if (error instanceof JzfsError) return { name: set.name, error }
            throw error
          }
        }),
      )
      return {
        sets: listed.sets,
        problems: [...listed.problems, ...checked.filter((problem) => problem !== undefined)],
      }
    },
    async close() {
      sets.close()
      await repositories.close()
    },
  }
}

function isVisible(audience: PublishedSet['audience'], asker: Asker): boolean {
  if (audience === 'public' || asker === 'self') return true
  return asker !== 'everybody' && audience.peers.includes(asker.peerId)
}

/**
 * A file's bytes may be those of a commit that links what is not published: so a leaf is given as a leaf only, and no
 * links of it are followed.
 */
function isMember(digests: PublishedSet['digests'], { code, multihash }: CID): boolean {
  if (multihash.code !== SHA2_256 || multihash.digest.length !== 32) return false
  return code === RAW ? digests.has(multihash.digest) : digests.hasNode(multihash.digest)
}

function notServed(cid: CID): NotFoundError {
  return new NotFoundError('block-missing', `the block ${cid.toString()} is not served here`, {
    hint: 'its owner may not have published it',
    details: { cid: cid.toString() },
  })
}
