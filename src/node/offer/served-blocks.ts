import { readFileSync } from 'node:fs'

import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { DAG_JSON, RAW, SHA2_256, sha256 } from '../../model/cid.ts'
import { JzfsError, NotFoundError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Home } from '../home/home.ts'
import type { RegisteredRepository } from '../home/repository-registry.ts'
import { createOpenRepositories, createSeenRepositories, type SeenRepositories } from './open-repositories.ts'
import {
  createPublishedSets,
  type PublishedLists,
  type PublishedManifest,
  type PublishedProblem,
  type PublishedSet,
} from './published-sets.ts'
import { type Asker, isRepositoryVisible, isVisible } from './visibility.ts'

/** What one asker may have, as it is published at the moment. */
export interface ServedView extends BlockSource {
  /** Whether something published to the asker reaches the block, or it is the manifest of a repository that he sees. */
  mayServe(cid: CID): boolean
  /** Whether nothing reaches the block, of what it is served for, that is for everybody. */
  isRestricted(cid: CID): boolean
  /** How many blocks a want reaches: a manifest, or the only head of its audience; undefined for anything else. */
  countBlocks(want: CID): number | undefined
  /** As a BlockSource: what may not be served is missing. */
  get(cid: CID, options?: AbortOptions): Promise<Uint8Array>
  getSync(cid: CID): Uint8Array | undefined
}

/** The blocks that a home serves. */
export interface ServedBlocks {
  /** What an asker may have now. Made anew for each request. */
  view(asker: Asker): ServedView
  /** The IPNS names that are published, the labels of pins that are served to others, and what of it cannot be served. */
  list(): Promise<{ names: string[]; pins: string[]; problems: PublishedProblem[] }>
  /** A repository that is published; it stays open. Throws what `OpenRepositories.get` throws. */
  repository(registered: RegisteredRepository): Promise<Repository>
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
  const read = async (
    cid: CID,
    { found, from }: { found: PublishedSet[]; from: SeenRepositories },
    options?: AbortOptions,
  ): Promise<Uint8Array> => {
    for (const set of found) {
      try {
        return await (await from.get(set.path, set.repositoryId)).store.get(cid, options)
      } catch (error) {
        if (!(error instanceof JzfsError)) throw error
        onProblem?.(error)
      }
    }
    throw notServed(cid)
  }
  return {
    view(asker) {
      const see = (lists: PublishedLists) => ({
        lists,
        visible: lists.sets.filter(({ audience }) => isVisible(audience, asker)),
      })
      let seen = see(sets.list())
      const from = createSeenRepositories(repositories)
      // Others look while this asker is served: then what was published at first is not open any more.
      const now = (): typeof seen => {
        const lists = sets.latest()
        if (lists !== seen.lists) seen = see(lists)
        return seen
      }
      const having = (cid: CID): PublishedSet[] => now().visible.filter(({ digests }) => isMember(digests, cid))
      const manifestOf = (cid: CID): PublishedManifest | undefined => {
        const { manifests } = now().lists
        const found = cid.code === DAG_JSON && manifests.size > 0 ? manifests.get(cid.toString()) : undefined
        return found !== undefined && isRepositoryVisible(found.registered, asker) ? found : undefined
      }
      return {
        mayServe: (cid) => manifestOf(cid) !== undefined || having(cid).length > 0,
        isRestricted: (cid) => {
          const manifest = manifestOf(cid)
          if (manifest !== undefined && isRepositoryVisible(manifest.registered, 'everybody')) return false
          return !having(cid).some(({ audience }) => isVisible(audience, 'everybody'))
        },
        countBlocks: (want) => countBlocks(now().visible, want, manifestOf(want)),
        getSync: (cid) => {
          if (manifestOf(cid) !== undefined) return undefined
          const [set] = having(cid)
          return set && from.seen(set.path, set.repositoryId)?.store.getSync(cid)
        },
        get: async (cid, options) => {
          const manifest = manifestOf(cid)
          return (manifest && readManifest(cid, manifest)) ?? read(cid, { found: having(cid), from }, options)
        },
      }
    },
    async list() {
      const listed = sets.list()
      const checked = await Promise.all(
        listed.sets.map(async ({ path, repositoryId, names: [name = path] }) => {
          try {
            await repositories.get(path, repositoryId)
            return undefined
          } catch (error) {
            if (error instanceof JzfsError) return { name, error }
            throw error
          }
        }),
      )
      const own = [...listed.manifests.values()].flatMap(({ registered }) => registered.manifest?.name ?? [])
      return {
        names: [...new Set([...own, ...namesIn(listed.sets, false)])],
        pins: namesIn(listed.sets.filter(isForOthers), true),
        problems: [...listed.problems, ...checked.filter((problem) => problem !== undefined)],
      }
    },
    repository: ({ path, id }) => repositories.get(path, id),
    async close() {
      sets.close()
      await repositories.close()
    },
  }
}

function isForOthers({ audience }: PublishedSet): boolean {
  return audience === 'public' || audience.peers.length > 0
}

function namesIn(sets: readonly PublishedSet[], arePins: boolean): string[] {
  return sets.filter(({ repositoryId }) => (repositoryId === undefined) === arePins).flatMap(({ names }) => names)
}

function countBlocks(
  visible: readonly PublishedSet[],
  want: CID,
  manifest: PublishedManifest | undefined,
): number | undefined {
  if (manifest !== undefined) {
    const set = visible.find((each) => each.repositoryId === manifest.registered.id && each.audience === 'public')
    return (set?.digests.count ?? 0) + 1
  }
  const isOnlyHead = ({ digests: { heads } }: PublishedSet): boolean =>
    heads.length === 1 && Buffer.compare(heads[0]!, want.bytes) === 0
  return visible.find(isOnlyHead)?.digests.count
}

/** Undefined where it is gone, or not what it was. */
function readManifest(cid: CID, { path }: PublishedManifest): Uint8Array | undefined {
  try {
    const bytes = readFileSync(path)
    return Buffer.compare(sha256(bytes), cid.multihash.digest) === 0 ? bytes : undefined
  } catch {
    return undefined
  }
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
