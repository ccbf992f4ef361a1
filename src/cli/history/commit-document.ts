import type { ShownCommit } from './commit-text.ts'

/** A commit as JSON has it. */
export function commitDocument({ cid, commit, decorations }: ShownCommit) {
  const { tree, parents, author, committer, message, run } = commit
  return {
    commit: cid,
    tree,
    parents,
    author,
    committer,
    message,
    refs: decorations.flatMap(({ ref, branch }) => (branch === undefined ? [ref] : [ref, branch])),
    run,
  }
}
