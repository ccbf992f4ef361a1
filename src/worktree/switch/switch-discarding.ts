import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { JzfsError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { rebuildIndex } from '../index/index-rebuild.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { keepLocalContent } from '../rewrite/keep-local-content.ts'
import type { PathChange } from '../rewrite/paths-in-the-way.ts'
import type { FileRewrite } from '../rewrite/rewrite-files.ts'
import { scanInTheWay } from '../rewrite/scan-in-the-way.ts'
import { wouldOverwrite } from '../rewrite/would-overwrite.ts'
import { scanWorktree } from '../scan/scan-worktree.ts'
import { keepsOf, worktreeOf } from '../working-tree.ts'
import type { SwitchTrees } from './switch.ts'

/**
 * The change of index and files to a tree whatever there is now: what tracked files hold beyond the index, and untracked
 * files that are in the way, is kept in the store. Other untracked files stay. Throws InvalidError `cannot-be-undone`, and
 * ConflictError `would-overwrite` for what cannot be kept.
 */
export async function discardLocalChanges(
  repository: Repository,
  { index, after }: SwitchTrees,
  pack: PackWriter,
  options: AbortOptions & { force?: boolean },
): Promise<Pick<FileRewrite, 'files' | 'index' | 'discarded' | 'overwritten'>> {
  const next = await rebuildIndex(repository.store, after, options)
  takeStatData(next, index)
  const { untracked, untouchable } = scanInTheWay(repository, index, placedPaths(next))
  if (untouchable.length > 0) throw cannotBeKept(untouchable)
  const scan = scanWorktree({
    worktree: worktreeOf(repository),
    index,
    ignore: undefined,
    untracked: 'none',
    keeps: keepsOf(repository),
  })
  const kept = await keepLocalContent(repository, index, { ...scan, untracked }, pack, {
    ...options,
    force: options.force === true,
  })
  const { files, overwritten } = kept
  const discarded = kept.discarded.filter(({ path, cid }) => !hasEntry(next, path, cid))
  return { files: { before: files, after: next }, index: next, discarded, overwritten }
}

/** The error for what can neither be kept nor overwritten. */
export function cannotBeKept(paths: readonly string[]): JzfsError {
  return wouldOverwrite('these cannot be kept, and are in the way', paths, 'move them away')
}

function hasEntry(index: StagingIndex, path: string, cid: CID): boolean {
  const position = index.find(path)
  return position !== -1 && index.hasCid(position, cid)
}

function* placedPaths(index: StagingIndex): Generator<PathChange> {
  for (let position = 0; position < index.count; position++) {
    yield { path: index.path(position), after: index.kind(position) }
  }
}

/** What stays as it is need not be hashed again. */
function takeStatData(next: StagingIndex, index: StagingIndex): void {
  const { mtimeNs, ctimeNs, inode } = index.columns
  for (let position = 0; position < next.count; position++) {
    const was = index.find(next.path(position))
    if (was === -1 || !index.hasCid(was, next.cid(position))) continue
    const stamp = {
      mtimeNs: mtimeNs[was] as bigint,
      ctimeNs: ctimeNs[was] as bigint,
      inode: inode[was] as bigint,
    }
    next.refresh(position, stamp, index.isRacy(was))
  }
}
