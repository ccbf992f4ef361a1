import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { JzfsError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { indexAtTree } from '../index/index-at-tree.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { withArtefacts } from '../merge/resolved-artefacts.ts'
import { keepLocalContent } from '../rewrite/keep-local-content.ts'
import type { PathChange } from '../rewrite/paths-in-the-way.ts'
import type { FileRewrite } from '../rewrite/rewrite-files.ts'
import { scanInTheWay } from '../rewrite/scan-in-the-way.ts'
import { wouldOverwrite } from '../rewrite/would-overwrite.ts'
import { scanWorktree } from '../scan/scan-worktree.ts'
import { DELETED, type Scan } from '../scan/scan.ts'
import { keepsOf, worktreeOf } from '../working-tree.ts'

/**
 * The change of index and files to a tree whatever there is now: what tracked files hold beyond the index, and untracked
 * files that are in the way, is kept in the store. Other untracked files stay. Throws InvalidError `cannot-be-undone`, and
 * ConflictError `would-overwrite` for what cannot be kept.
 */
export async function discardLocalChanges(
  repository: Repository,
  { index, after }: { index: StagingIndex; after: CID | undefined },
  pack: PackWriter,
  options: AbortOptions & { force?: boolean },
): Promise<Pick<FileRewrite, 'files' | 'index' | 'discarded' | 'overwritten'>> {
  const next = await indexAtTree(repository.store, index, pack, after, options)
  const scan = scanWorktree({
    worktree: worktreeOf(repository),
    index,
    ignore: undefined,
    untracked: 'none',
    keeps: keepsOf(repository),
  })
  const { untracked, untouchable } = scanInTheWay(repository, index, newPaths(index, next, scan))
  if (untouchable.length > 0) throw cannotBeKept(untouchable)
  const kept = await keepLocalContent(repository, index, { ...scan, untracked }, pack, {
    ...options,
    force: options.force === true,
  })
  const { files, overwritten } = kept
  const discarded = kept.discarded.filter(({ path, cid }) => !hasEntry(next, path, cid))
  const before = withArtefacts(files, index.artefacts())
  return { files: { before, after: next }, index: next, discarded, overwritten }
}

/** The error for what can neither be kept nor overwritten. */
export function cannotBeKept(paths: readonly string[]): JzfsError {
  return wouldOverwrite('these cannot be kept, and are in the way', paths, 'move them away')
}

function hasEntry(index: StagingIndex, path: string, cid: CID): boolean {
  const position = index.find(path)
  return position !== -1 && index.hasCid(position, cid)
}

/** The paths at which a file comes, or comes back: only there can something untracked be in the way. */
function* newPaths(index: StagingIndex, next: StagingIndex, { states }: Scan): Generator<PathChange> {
  for (let position = 0; position < next.count; position++) {
    const key = next.key(position)
    const was = index.lowerBoundOfKey(key)
    const isThere = was < index.count && index.key(was) === key && states[was] !== DELETED
    if (!isThere) yield { path: next.path(position), after: next.kind(position) }
  }
}
