import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import type { Repository } from '../../repo/repository.ts'
import type { CombinedDiff } from '../../worktree/diff/combined/render-combined.ts'
import { combinedDiffs, commitDiffs } from '../../worktree/diff/commit-diffs.ts'
import type { FileDiff } from '../../worktree/diff/file-diff.ts'
import type { DiffOptions } from '../../worktree/diff/find-diffs.ts'
import type { Pickaxe } from '../../worktree/diff/pickaxe.ts'
import type { Pathspec } from '../../worktree/pathspec/pathspec.ts'
import type { Context } from '../context.ts'
import { type DiffForms, showsNothing } from '../diff/diff-forms.ts'
import type { MergeForm } from './merge-form.ts'

/** How a commit differs from one parent (`from` where it is one of several), or from all at once. */
export interface CommitChanges {
  from?: string
  diffs: readonly FileDiff[]
  combined?: readonly CombinedDiff[]
}

/** Which changes of a commit are shown, and in which forms. */
export interface CommitChangeOptions {
  repository: Repository
  graph: CommitGraph
  pathspecs: readonly Pathspec[]
  forms: DiffForms
  merges: MergeForm
  /** Only changes that this is true of. */
  pickaxe?: Pickaxe | undefined
}

/** A commit, as far as its changes are concerned. */
interface CommitTrees {
  id: string
  tree: string
  parents: readonly string[]
}

/** Finds changes of commits, in a walk first and again when they are shown. */
export interface ChangeFinder {
  /** What is shown of a commit: nothing, and at once, where nothing of that is wanted. */
  changesOf(commit: CommitTrees): readonly CommitChanges[] | Promise<readonly CommitChanges[]>
  /** Remembers what a commit changed, for `changesOf`. */
  note(id: string, changes: readonly CommitChanges[]): void
}

/** Changes that are remembered between the choice of their commit and its turn. */
const MAX_NOTED = 1000

/** Makes a finder for one run of a command. */
export function createChangeFinder(context: Context, options: CommitChangeOptions): ChangeFinder {
  const noted = new Map<string, readonly CommitChanges[]>()
  return {
    note(id, changes) {
      if (noted.size < MAX_NOTED) noted.set(id, changes)
    },
    changesOf(commit) {
      if (!isWanted(options)) return []
      const known = noted.get(commit.id)
      noted.delete(commit.id)
      // The parents of a commit in a simplified history are other commits.
      const { parents } = options.graph.loaded(commit.id) ?? commit
      return known ?? findChanges(context, { tree: commit.tree, parents }, options)
    },
  }
}

function isWanted(options: CommitChangeOptions): boolean {
  return !showsNothing(options.forms) || choosesByChanges(options)
}

/** Whether changes must be known to tell which commits are shown. */
export function choosesByChanges({ forms, pickaxe }: Pick<CommitChangeOptions, 'forms' | 'pickaxe'>): boolean {
  return forms.keeps !== undefined || pickaxe !== undefined
}

async function findChanges(
  { signal }: Context,
  commit: Omit<CommitTrees, 'id'>,
  options: CommitChangeOptions,
): Promise<CommitChanges[]> {
  const { repository, graph, forms, pickaxe } = options
  const merges = commit.parents.length > 1 ? options.merges : 'first-parent'
  if (merges === 'none') return []
  const { renames, similarity, isReversed, keeps, relativeTo } = forms
  const diffOptions: DiffOptions = {
    pathspecs: options.pathspecs,
    renames,
    similarity,
    isReversed,
    within: relativeTo,
    keeps,
    signal,
  }
  const against = async (nth: number) => {
    const diffs = await commitDiffs(repository, graph, commit, diffOptions, nth)
    return pickaxe === undefined ? diffs : filterDiffs(diffs, (diff) => pickaxe(diff, { signal }))
  }
  if (merges === 'separate') {
    const changes: CommitChanges[] = []
    for (const [nth, from] of commit.parents.entries()) {
      const diffs = await against(nth)
      if (diffs.length > 0) changes.push({ from, diffs })
    }
    return changes
  }
  const isCombined = merges === 'combined' || merges === 'dense'
  // Against the first parent a merge is only counted.
  const diffs = isCombined && !countsMerges(forms) && !choosesByChanges(options) ? [] : await against(0)
  const combined = isCombined ? await combinedDiffs(repository, graph, commit, diffOptions) : undefined
  if (diffs.length === 0 && (combined ?? []).length === 0) return []
  return [{ diffs, ...(combined !== undefined && { combined }) }]
}

function countsMerges({ stat, numstat, shortstat, summary }: DiffForms): boolean {
  return stat || numstat || shortstat || summary
}

async function filterDiffs(diffs: readonly FileDiff[], matches: (diff: FileDiff) => Promise<boolean>) {
  const kept: FileDiff[] = []
  for (const diff of diffs) if (await matches(diff)) kept.push(diff)
  return kept
}
