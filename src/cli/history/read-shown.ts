import type { HistoryCommit } from '../../repo/history.ts'
import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import type { Context } from '../context.ts'
import { printableMessage } from './commit-message.ts'
import type { ShownCommit } from './commit-text.ts'
import type { Decorations } from './decorations.ts'

/** Reads a commit that is to be shown. */
export async function readShown(
  { signal, terminal }: Context,
  graph: CommitGraph,
  { id, side }: Pick<HistoryCommit, 'id' | 'side'>,
  decorations: Decorations,
): Promise<ShownCommit> {
  const commit = await graph.read(id, { signal })
  const shown = terminal.interactive ? { ...commit, message: printableMessage(commit.message) } : commit
  const mark = side && (side === 'left' ? '<' : '>')
  return { id, commit: shown, decorations: decorations.get(id) ?? NONE, ...(mark !== undefined && { mark }) }
}

const NONE = [] as const
