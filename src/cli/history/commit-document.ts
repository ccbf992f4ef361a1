import type { ShownCommit } from './commit-text.ts'

/** A commit as JSON has it. */
export function commitDocument({ id, commit, decorations, mark }: ShownCommit) {
  const { tree, parents, author, committer, message, run } = commit
  return {
    commit: id,
    tree,
    parents,
    author,
    committer,
    message,
    refs: decorations.flatMap(({ ref, branch }) => (branch === undefined ? [ref] : [ref, branch])),
    run,
    side: mark && (mark === '<' ? 'left' : 'right'),
  }
}
