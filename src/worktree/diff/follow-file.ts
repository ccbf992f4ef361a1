import type { AbortOptions } from '../../model/block.ts'
import type { HistoryCommit } from '../../repo/history.ts'
import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import { createPathComparison } from '../../repo/history/path-comparison.ts'
import type { TreeComparison } from '../../repo/history/visit.ts'
import type { Repository } from '../../repo/repository.ts'
import { commitDiffs } from './commit-diffs.ts'
import type { FileDiff } from './file-diff.ts'
import type { DiffOptions } from './find-diffs.ts'

/** Follows one file back through history, also where it had another name. */
export interface FileFollower {
  /**
   * How a commit changed the file; undefined where it did not. Commits are given as they are walked over, newest first:
   * where one renamed the file, the next are asked for its old name. Merges change nothing, as with `git log --follow`.
   */
  changeBy(commit: HistoryCommit, options?: AbortOptions): Promise<FileDiff | undefined>
}

/** Follows the file that has this path now. */
export function followFile(
  repository: Pick<Repository, 'store'>,
  graph: CommitGraph,
  path: string,
  options: Pick<DiffOptions, 'similarity' | 'signal'> = {},
): FileFollower {
  return new Follower(repository, graph, path, options)
}

class Follower implements FileFollower {
  readonly #repository: Pick<Repository, 'store'>
  readonly #graph: CommitGraph
  readonly #diffOptions: DiffOptions
  #path: string
  #comparison: TreeComparison

  constructor(repository: Pick<Repository, 'store'>, graph: CommitGraph, path: string, diffOptions: DiffOptions) {
    this.#repository = repository
    this.#graph = graph
    this.#diffOptions = diffOptions
    this.#path = path
    this.#comparison = createPathComparison(repository.store, [path])
  }

  async changeBy(commit: HistoryCommit, options: AbortOptions = {}): Promise<FileDiff | undefined> {
    const { parents } = this.#graph.loaded(commit.id) ?? commit
    if (parents.length > 1) return undefined
    const parent = parents[0] === undefined ? undefined : await this.#graph.load(parents[0], options)
    const before = parent?.tree
    if (before === commit.tree || (await this.#comparison.isSame(before, commit.tree, options))) return undefined
    const found = await this.#find({ tree: commit.tree, parents }, { ...options, renames: false })
    // As git: only a file that came into being may have been another one before.
    const change = found?.before === undefined ? await this.#find({ tree: commit.tree, parents }, options) : found
    if (change?.from !== undefined) {
      this.#path = change.from
      this.#comparison = createPathComparison(this.#repository.store, [change.from])
    }
    return change
  }

  async #find(commit: Pick<HistoryCommit, 'tree' | 'parents'>, options: DiffOptions): Promise<FileDiff | undefined> {
    const diffs = await commitDiffs(this.#repository, this.#graph, commit, { ...this.#diffOptions, ...options })
    return diffs.find(({ path }) => path === this.#path)
  }
}
