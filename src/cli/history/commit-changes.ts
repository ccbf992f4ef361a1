import type { CID } from 'multiformats/cid'

import { decodeCommit } from '../../model/commit/commit.ts'
import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import type { Repository } from '../../repo/repository.ts'
import { commitDiffs, type MergeDiffs } from '../../worktree/diff/commit-diffs.ts'
import type { FileDiff } from '../../worktree/diff/file-diff.ts'
import type { Pathspec } from '../../worktree/pathspec/pathspec.ts'
import type { Context } from '../context.ts'
import { diffDocuments } from '../diff/diff-document.ts'
import { type DiffForms, showsNothing } from '../diff/diff-forms.ts'
import { renderDiffs } from '../diff/render-diffs.ts'
import { printableMessage } from './commit-message.ts'
import type { CommitStyle, ShownCommit } from './commit-text.ts'
import type { Decorations } from './decorations.ts'
import type { LogDetails } from './log-writer.ts'

/** Which changes of a commit are shown, and in which forms. */
export interface CommitChangeOptions {
  graph: CommitGraph
  pathspecs: readonly Pathspec[]
  forms: DiffForms
  merges: MergeDiffs
}

/** Reads a commit that is to be shown. */
export async function readShown(
  { signal, terminal }: Context,
  { store }: Repository,
  cid: CID,
  decorations: Decorations,
): Promise<ShownCommit> {
  const commit = decodeCommit(cid, await store.get(cid, { signal }))
  if (terminal.interactive) commit.message = printableMessage(commit.message)
  return { cid, commit, decorations: decorations.get(cid.toString()) ?? [] }
}

/** What stands below a commit's text: how it changed files. Undefined where nothing of that is wanted. */
export function commitDetails(
  context: Context,
  repository: Repository,
  shown: ShownCommit,
  options: CommitChangeOptions & { style: CommitStyle; columns: number },
): LogDetails | undefined {
  const { forms, style, columns } = options
  if (showsNothing(forms)) return undefined
  const isOneLine = style.format.kind === 'named' && style.format.name === 'oneline'
  const separator = forms.patch && forms.stat ? '---' : ''
  return { separator: isOneLine ? undefined : separator, pieces: pieces() }
  async function* pieces() {
    const diffs = await diffsOf(context, repository, shown, options)
    yield* renderDiffs(style.terminal, diffs, forms, { columns, signal: context.signal })
  }
}

/** The same for JSON. */
export async function commitChangeDocuments(
  context: Context,
  repository: Repository,
  shown: ShownCommit,
  options: CommitChangeOptions,
): Promise<unknown[] | undefined> {
  if (showsNothing(options.forms)) return undefined
  return diffDocuments(await diffsOf(context, repository, shown, options), options.forms, { signal: context.signal })
}

function diffsOf(
  { signal }: Context,
  repository: Repository,
  { commit }: ShownCommit,
  { graph, pathspecs, forms, merges }: CommitChangeOptions,
): Promise<FileDiff[]> {
  return commitDiffs(repository, graph, commit, { merges, pathspecs, renames: forms.renames, signal })
}
