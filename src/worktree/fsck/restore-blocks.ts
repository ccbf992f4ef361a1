import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { counted } from '../../model/counted.ts'
import { IntegrityError, NotFoundError } from '../../model/errors.ts'
import type { FsckFinding } from '../../repo/fsck/fsck-finding.ts'
import type { FsckOptions } from '../../repo/fsck/fsck.ts'
import type { Repair } from '../../repo/fsck/repair.ts'
import type { Repository } from '../../repo/repository.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { readIndexFile } from '../index/index-file.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { checkWorkingRepository } from './check-working-repository.ts'
import { allPaths, restoreContent, restoreDirectories } from './restore-from-files.ts'

export interface RestoreOptions extends AbortOptions {
  /** Blocks of another repository, verified when they are read. */
  from?: BlockSource | undefined
  onProgress?: FsckOptions['onProgress']
}

/** A block that is brought back can lead to others that are missing: each round goes one step further. */
const MAX_ROUNDS = 64

/**
 * Brings back blocks that are needed and missing or corrupt: from another repository; directories from the index; content from
 * the files of the working tree, at first those of the paths that are known, then all. Each is verified by its CID.
 */
export async function* restoreBlocks(repository: Repository, options: RestoreOptions): AsyncGenerator<Repair> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { lost, fetched } = await findLost(repository, options)
    if (fetched > 0) yield restored(fetched, 'the other repository')
    if (lost.size === 0) return
    const found = await restoreHere(repository, lost, options)
    if (found > 0) yield restored(found, 'files and index')
    if (found === 0) return
  }
}

function restored(count: number, from: string): Repair {
  const what = counted(count, 'block was', 'blocks were')
  return { code: 'blocks-restored', message: `${what} restored from ${from}` }
}

/** What is missing, by digest, with a path of the working tree where one is known. */
type Lost = Map<string, { cid: CID; path: string | undefined }>

/** Looks for what is missing; what the other repository has of it is stored on the way, with all that it leads to. */
async function findLost(repository: Repository, options: RestoreOptions): Promise<{ lost: Lost; fetched: number }> {
  const { store } = repository
  const { from, signal, onProgress } = options
  // Copies that are here may be corrupt: what the walk asks for and does not get is wanted.
  const pack = await store.createPack({ signal, known: { hasDigest: () => false } })
  try {
    const source: BlockSource = {
      get: async (cid, each) => pack.get(cid) ?? (await getOrFetch(cid, { here: store, from, pack }, each)),
    }
    const lost: Lost = new Map()
    const check = { source, connectivityOnly: true, orphans: 'none', signal, onProgress } as const
    for await (const finding of checkWorkingRepository(repository, check)) noteLost(lost, finding)
    const fetched = pack.blocks
    await pack.finish()
    return { lost, fetched }
  } finally {
    pack.abort()
  }
}

interface Sources {
  here: BlockSource
  from: BlockSource | undefined
  pack: PackWriter
}

async function getOrFetch(cid: CID, { here, from, pack }: Sources, options?: AbortOptions): Promise<Uint8Array> {
  try {
    return await here.get(cid, options)
  } catch (error) {
    if (from === undefined || !isLoss(error)) throw error
    const bytes = await from.get(cid, options).catch((fault: unknown) => {
      throw isLoss(fault) ? error : fault
    })
    pack.add({ cid, bytes })
    await pack.drain()
    return bytes
  }
}

function isLoss(error: unknown): boolean {
  return error instanceof NotFoundError || error instanceof IntegrityError
}

const LOSSES = new Set(['block-missing', 'block-corrupt', 'pack-corrupt'])

function noteLost(lost: Lost, finding: FsckFinding): void {
  if (finding.kind !== 'object' || !LOSSES.has(finding.code)) return
  const { cid, path } = finding
  lost.set(keyOf(cid.multihash.digest), { cid, path })
}

function keyOf(digest: Uint8Array): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString('latin1')
}

/** Brings back what index and files have of it, and returns how many blocks that is. */
async function restoreHere(repository: Repository, lost: Lost, { signal }: RestoreOptions): Promise<number> {
  const { worktree, store } = repository
  // Everything counts as known that is not missing.
  const known = { hasDigest: (digest: Uint8Array): boolean => !lost.has(keyOf(digest)) }
  const pack = await store.createPack({ signal, known })
  try {
    const index = indexIfReadable(repository)
    if (index !== undefined) await restoreDirectories(pack, index)
    if (worktree !== undefined) {
      const named = new Set([...lost.values()].flatMap(({ path }) => (path === undefined || path === '' ? [] : [path])))
      await restoreContent(pack, worktree, named, { signal })
      const isLeft = [...lost.values()].some(({ cid }) => !pack.has(cid.multihash.digest))
      if (isLeft) await restoreContent(pack, worktree, allPaths(worktree), { signal })
    }
    const found = pack.blocks
    await pack.finish()
    return found
  } finally {
    pack.abort()
  }
}

function indexIfReadable({ layout }: Repository): StagingIndex | undefined {
  try {
    return readIndexFile(layout.index)
  } catch (error) {
    if (error instanceof IntegrityError) return undefined
    throw error
  }
}
