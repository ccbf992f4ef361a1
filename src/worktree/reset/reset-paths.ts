import type { Person } from '../../model/commit/person.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveTree } from '../../repo/revision.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'
import { compareByteStrings, toByteString } from '../index/byte-string.ts'
import { indexAtTree } from '../index/index-at-tree.ts'
import { writeIndexFile } from '../index/index-file.ts'
import { updateIndex, type IndexChange } from '../index/index-update.ts'
import { headTree, openIndex, type OpenIndexOptions } from '../index/open-index.ts'
import { recordIndex } from '../index/record-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { pathFilter, type PathFilter, type Pathspec } from '../pathspec/pathspec.ts'
import { worktreeOf } from '../working-tree.ts'

export interface ResetPathsOptions extends OpenIndexOptions, RevisionOptions {
  /** The command line and who runs it, for the operation log. */
  command: string
  person: Person
  /** A commit or a directory. Default: HEAD, and on a branch without commits nothing. */
  revision?: string | undefined
}

/**
 * Makes the entries of the index within the pathspecs what they are in a commit; HEAD and files stay. A path in conflict is
 * in conflict no more. Returns the paths that changed, sorted by their bytes. Throws what `resolveTree` throws.
 */
export async function resetPaths(
  repository: Repository,
  pathspecs: readonly Pathspec[],
  options: ResetPathsOptions,
): Promise<string[]> {
  worktreeOf(repository)
  const { command, person, revision } = options
  using lock = await repository.lock(command, options)
  const index = await openIndex(repository, options)
  const tree =
    revision === undefined ? await headTree(repository, options) : await resolveTree(repository, revision, options)
  const pack = await repository.store.createPack(options)
  try {
    const goal = await indexAtTree(repository.store, index, pack, tree, options)
    const changes = entryChanges(index, goal, pathFilter(pathspecs))
    if (changes.length === 0) return []
    const next = updateIndex(index, changes)
    const before = await recordIndex(index, pack, repository.store)
    await pack.finish()
    await runOperation(repository, lock, {
      command,
      person,
      index: { next: writeIndexFile(repository.layout.tmp, next), before },
    })
    const keys = changes.map(({ path }) => toByteString(path)).sort(compareByteStrings)
    return keys.map((key) => Buffer.from(key, 'latin1').toString())
  } finally {
    pack.abort()
  }
}

/** What the goal has otherwise than the index, within a filter. */
function entryChanges(index: StagingIndex, goal: StagingIndex, filter: PathFilter | undefined): IndexChange[] {
  const changes: IndexChange[] = []
  for (let at = 0; at < goal.count; at++) {
    const key = goal.key(at)
    if (filter?.matches(key) === false) continue
    const path = goal.path(at)
    const was = index.find(path)
    if (was === -1 || !index.hasCid(was, goal.cid(at))) changes.push({ path, entries: [goal.entry(at)] })
  }
  const gone = new Set<string>()
  for (let at = 0; at < index.count; at++) {
    const key = index.key(at)
    if (filter?.matches(key) === false || gone.has(key)) continue
    const path = index.path(at)
    if (goal.find(path) !== -1) continue
    gone.add(key)
    changes.push({ path, entries: [] })
  }
  return changes
}
