import type { AbortOptions } from '../model/block.ts'
import type { Person } from '../model/commit/person.ts'
import { ConflictError, InvalidError } from '../model/errors.ts'
import { runOperation } from '../repo/operation/operation.ts'
import type { Repository } from '../repo/repository.ts'
import type { PackWriter } from '../store/pack/pack-writer.ts'
import { fromByteString } from './index/byte-string.ts'
import { writeIndexFile } from './index/index-file.ts'
import { updateIndex } from './index/index-update.ts'
import { headTree, openIndex, type OpenIndexOptions } from './index/open-index.ts'
import { recordIndex, withoutConflicts } from './index/record-index.ts'
import type { StagingIndex } from './index/staging-index.ts'
import { resolvedArtefacts, withArtefacts } from './merge/resolved-artefacts.ts'
import { pathFilter, pathspecUnmatched, type Pathspec } from './pathspec/pathspec.ts'
import { matchesEntry } from './pathspec/unmatched-pathspecs.ts'
import { keepLocalContent, type KeptContent } from './rewrite/keep-local-content.ts'
import { rewriteFiles, type RewriteOptions, type RewrittenFiles } from './rewrite/rewrite-files.ts'
import { listPaths } from './rewrite/would-overwrite.ts'
import { scanWorktree } from './scan/scan-worktree.ts'
import { CANDIDATE, DELETED, type Scan } from './scan/scan.ts'
import { compareFile } from './status/compare-file.ts'
import { stagedChanges } from './status/staged-changes.ts'
import { keepsOf, worktreeOf } from './working-tree.ts'

export interface RemoveOptions extends OpenIndexOptions, RewriteOptions {
  /** The command line and who runs it, for the operation log. */
  command: string
  person: Person
  /** Also all that is below a folder that is named (`-r`). */
  recursive?: boolean
  /** From the index alone: files stay. */
  cached?: boolean
  /** Also files with local changes, which are kept for undo, or are too much to be. */
  force?: boolean
  dryRun?: boolean
  /** Pathspecs that match nothing are none to complain of. */
  ignoreUnmatch?: boolean
}

/** What was removed, or would be: paths in the order of their bytes. */
export interface Removed extends RewrittenFiles {
  removed: string[]
  /** Files whose local content was thrown away, and kept in the store. */
  discarded: string[]
}

/**
 * Removes tracked files from the index and the working tree, with the folders that become empty. A path in conflict is resolved
 * by it, whatever its file holds; its artefact goes if it is unchanged.
 *
 * Throws NotFoundError `pathspec-unmatched`, InvalidError `recursive-needed` (details: `path`) for a folder, ConflictError
 * `local-changes` (details: `modified`, `staged`) where work would be lost, InvalidError `cannot-be-undone`.
 * Then nothing was changed.
 */
export async function removePaths(
  repository: Repository,
  pathspecs: readonly Pathspec[],
  options: RemoveOptions,
): Promise<Removed> {
  worktreeOf(repository)
  using lock = await repository.lock(options.command, options)
  const index = await openIndex(repository, options)
  const removed = matchingPaths(index, pathspecs, options)
  const nothing = { removed, discarded: [], left: [], failed: [] }
  const scan = scanTracked(repository, index, pathspecs)
  if (options.force !== true) await refuseLocalChanges(repository, index, removed, scan, options)
  if (options.dryRun === true || removed.length === 0) return nothing
  const { command, person } = options
  const changes = removed.map((path) => ({ path, entries: [] }))
  const next = updateIndex(index, changes)
  const pack = await repository.store.createPack(options)
  try {
    if (options.cached === true) {
      const before = await recordIndex(index, pack, repository.store)
      await pack.finish()
      const name = writeIndexFile(repository.layout.tmp, next)
      await runOperation(repository, lock, { command, person, index: { next: name, before } })
      return nothing
    }
    const kept = await keepRemoved(repository, index, scan, pack, options)
    const artefacts = resolvedArtefacts(index, next)
    const after = updateIndex(
      kept.files,
      removed.map((path) => ({ path, entries: [] })),
    )
    const rewrite = {
      command,
      person,
      indexBefore: index,
      index: next,
      tree: index.tree,
      discarded: kept.discarded,
      overwritten: kept.overwritten,
      files: { before: withArtefacts(kept.files, artefacts), after },
    }
    const report = await rewriteFiles(repository, lock, pack, rewrite, options)
    return { removed, discarded: kept.discarded.map(({ path }) => path), ...report }
  } finally {
    pack.abort()
  }
}

/** The paths of the index that are meant, if all pathspecs may mean what they do. */
function matchingPaths(index: StagingIndex, pathspecs: readonly Pathspec[], options: RemoveOptions): string[] {
  for (const pathspec of pathspecs) {
    if (pathspec.isExclude) continue
    if (!matchesEntry(pathspec, index) && options.ignoreUnmatch !== true) throw pathspecUnmatched(pathspec)
    const path = fromByteString(pathspec.key)
    const [from, to] = pathspec.pattern === undefined ? index.rangeBelow(path) : [0, 0]
    if (from < to && options.recursive !== true) throw recursiveNeeded(pathspec.text)
  }
  const filter = pathFilter(pathspecs)
  const paths: string[] = []
  for (let position = 0; position < index.count; position++) {
    const isFurtherStage = index.stage(position) > 1 && index.path(position) === paths.at(-1)
    if (!isFurtherStage && filter?.matches(index.key(position)) !== false) paths.push(index.path(position))
  }
  return paths
}

/** Stores what goes and is not as the index has it: with `force` all of it, else of paths in conflict, the only ones that may. */
async function keepRemoved(
  repository: Repository,
  index: StagingIndex,
  scan: Scan,
  pack: PackWriter,
  options: RemoveOptions,
): Promise<KeptContent> {
  if (options.force !== true && !index.isUnmerged()) return { files: index, discarded: [], overwritten: [] }
  const isKept = (path: string): boolean => options.force === true || index.find(path) === -1
  const kept = await keepLocalContent(repository, index, scan, pack, { ...options, force: true, concerns: isKept })
  return { ...kept, files: withoutConflicts(kept.files) }
}

function scanTracked(repository: Repository, index: StagingIndex, pathspecs: readonly Pathspec[]): Scan {
  return scanWorktree({
    worktree: worktreeOf(repository),
    index,
    ignore: undefined,
    filter: pathFilter(pathspecs),
    untracked: 'none',
    keeps: keepsOf(repository),
  })
}

/** Git's rules: what neither HEAD nor a file has would be lost. */
async function refuseLocalChanges(
  repository: Repository,
  index: StagingIndex,
  paths: readonly string[],
  scan: Scan,
  options: RemoveOptions,
): Promise<void> {
  const changes = await stagedChanges(repository.store, await headTree(repository, options), index, options)
  const isStaged = new Set(changes.filter(({ after }) => after !== undefined).map(({ path }) => path))
  const modified: string[] = []
  const staged: string[] = []
  for (const path of paths) {
    const position = index.find(path)
    // A path in conflict has to go one way or the other.
    if (position === -1 || scan.states[position] === DELETED) continue
    const isChanged = await isModified(repository, index, position, scan, options)
    if (options.cached === true && !(isChanged && isStaged.has(path))) continue
    if (isChanged) modified.push(path)
    if (isStaged.has(path)) staged.push(path)
  }
  if (modified.length + staged.length > 0) throw localChanges(modified, staged, options)
}

async function isModified(
  repository: Repository,
  index: StagingIndex,
  position: number,
  scan: Scan,
  options: AbortOptions,
): Promise<boolean> {
  const stat = scan.stats.get(position)
  if (scan.states[position] !== CANDIDATE || stat === undefined) return false
  const context = { worktree: worktreeOf(repository), source: repository.store, index, keeps: keepsOf(repository) }
  const { difference } = await compareFile(context, position, stat, options)
  return difference !== undefined && difference !== 'deleted'
}

function localChanges(modified: string[], staged: string[], { cached }: RemoveOptions): ConflictError {
  const both = modified.filter((path) => staged.includes(path))
  const message =
    both.length > 0
      ? `what is staged is neither in the last commit nor in the file: ${listPaths(both)}`
      : modified.length > 0
        ? `there are local changes: ${listPaths(modified)}`
        : `there are staged changes: ${listPaths(staged)}`
  return new ConflictError('local-changes', message, {
    hint:
      cached === true ? 'use -f to remove it all the same' : 'use --cached to keep the file, or -f to remove it too',
    details: { modified, staged },
  })
}

function recursiveNeeded(path: string): InvalidError {
  return new InvalidError('recursive-needed', `this is a folder: ${path}`, {
    hint: `use -r to remove all that is in it`,
    details: { path },
  })
}
