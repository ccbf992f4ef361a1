import type { PlainCommit } from '../../model/commit/plain-commit.ts'
import type { HistoryCommit } from '../../repo/history.ts'
import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import type { Context } from '../context.ts'
import { printableMessage } from './commit-message.ts'
import type { ShownCommit } from './commit-text.ts'
import type { Decorations } from './decorations.ts'

/** Reads a commit that is to be shown: at once where that can be. */
export function readShown(
  { signal, terminal }: Context,
  graph: CommitGraph,
  { id, side }: Pick<HistoryCommit, 'id' | 'side'>,
  decorations: Decorations,
): ShownCommit | Promise<ShownCommit> {
  const shown = (commit: PlainCommit): ShownCommit => ({
    id,
    commit: terminal.interactive ? { ...commit, message: printableMessage(commit.message) } : commit,
    decorations: decorations.get(id) ?? NONE,
    mark: side && (side === 'left' ? '<' : '>'),
  })
  const commit = graph.read(id, { signal })
  return commit instanceof Promise ? commit.then(shown) : shown(commit)
}

const NONE = [] as const
