import type { AbortOptions } from '../model/block.ts'
import type { Repository } from '../repo/repository.ts'
import { ingestFiles } from '../store/ingest.ts'
import type { PackWriter } from '../store/pack-writer.ts'
import { planAdd, stagedEntry } from './add-plan.ts'
import { fromByteString } from './byte-string.ts'
import type { IndexEntry } from './index-entry.ts'
import { updateIndex } from './index-update.ts'
import type { PathFilter } from './pathspec.ts'
import { scanWorktree } from './scan-worktree.ts'
import type { StagingIndex } from './staging-index.ts'
import { keepsOf, worktreeOf } from './status.ts'

export interface SnapshotOptions extends AbortOptions {
  /** Which paths; undefined: all. */
  filter?: PathFilter | undefined
  /** Untracked paths that are to be in it: those that something else will take the place of. */
  includesUntracked?(path: string): boolean
}

/** The files of a working tree as they are, in the form of an index. */
export interface Snapshot {
  index: StagingIndex
  /** What is not as `before` has it, with its content: what a command that overwrites it discards. */
  changed: IndexEntry[]
}

/**
 * Stores what is in the working tree and not in the index, so that it can be overwritten and still be had.
 *
 * Throws what a file that cannot be read is refused with.
 */
export async function snapshotFiles(
  repository: Repository,
  before: StagingIndex,
  pack: PackWriter,
  options: SnapshotOptions = {},
): Promise<Snapshot> {
  const worktree = worktreeOf(repository)
  const { includesUntracked, filter, signal } = options
  const untracked = includesUntracked === undefined ? ('none' as const) : ('all' as const)
  const keeps = keepsOf(repository)
  const scan = scanWorktree({ worktree, index: before, ignore: undefined, filter, untracked, keeps })
  if (includesUntracked !== undefined) {
    scan.untracked = scan.untracked.filter(({ key }) => includesUntracked(fromByteString(key)))
  }
  const plan = planAdd(worktree, before, scan, { keeps, clock: undefined })
  const entries = [...plan.entries]
  if (plan.errors[0] !== undefined) throw plan.errors[0]
  for (const block of plan.blocks) pack.add(block)
  for await (const result of ingestFiles(pack, plan.files, { signal })) {
    if (result.error !== undefined) throw result.error
    const { request, cid, contentCid, size, tsize, stat } = result
    const stamp = { mtimeNs: stat.mtimeNs, ctimeNs: stat.ctimeNs, inode: stat.ino }
    const kind = request.executable ? 'executable' : 'file'
    entries.push(stagedEntry(undefined, request.name, stamp, { kind, cid, contentCid, size, tsize }))
  }
  const changed = entries.filter((entry) => !isIn(before, entry))
  const index = updateIndex(before, [
    ...plan.removed.map((path) => ({ path, entries: [] })),
    ...changed.map((entry) => ({ path: entry.path, entries: [entry] })),
  ])
  return { index, changed }
}

function isIn(index: StagingIndex, { path, cid }: IndexEntry): boolean {
  const position = index.find(path)
  return position !== -1 && index.hasCid(position, cid)
}
