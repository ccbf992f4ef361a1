import { lstatSync } from 'node:fs'
import { join } from 'node:path'

import type { Repository } from '../../repo/repository.ts'
import { openIndex, type OpenIndexOptions } from '../index/open-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { ignoreFileOf, worktreeOf } from '../working-tree.ts'
import { explainIgnore, openIgnore, type IgnoreMatch } from './ignore.ts'

/** Tells of paths (from the top of the working tree) whether they are ignored, and by which rule. */
export type IgnoreCheck = (path: string, options?: { isDirectory?: boolean }) => IgnoreMatch | undefined

/**
 * Opens the ignore rules of a working tree, to be asked about many paths. A tracked path is not ignored, whatever the rules
 * say, unless `noIndex` is set. A path need not be there.
 */
export async function openIgnoreCheck(
  repository: Repository,
  options: OpenIndexOptions & { noIndex?: boolean } = {},
): Promise<IgnoreCheck> {
  const worktree = worktreeOf(repository)
  const index = options.noIndex === true ? undefined : await openIndex(repository, options)
  const rules = openIgnore(worktree, ignoreFileOf(repository))
  return (path, { isDirectory = false } = {}) => {
    if (path === '' || (index !== undefined && hasPath(index, path))) return undefined
    return explainIgnore(worktree, rules, path, isDirectory || isDirectoryAt(join(worktree, path)))
  }
}

/** A folder with anything tracked in it is tracked. */
function hasPath(index: StagingIndex, path: string): boolean {
  const [from, to] = index.rangeBelow(path)
  return from < to || index.find(path) !== -1
}

function isDirectoryAt(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch {
    return false
  }
}
