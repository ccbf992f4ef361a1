import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { renderDate } from '../../model/commit/date-style.ts'
import { formatIdentity } from '../../model/commit/person.ts'
import { walkHistory } from '../../repo/history.ts'
import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import type { Head } from '../../repo/refs/head.ts'

/**
 * The message of a merge, as git's: `Merge branch 'x' into y`, where `into` is left out on a branch named `master`. `ref` is
 * the ref that the revision names, if it names one.
 */
export function mergeMessage(revision: string, ref: string | undefined, head: Head): string {
  const into = 'branch' in head ? head.branch.replace(BRANCHES, '') : 'HEAD'
  return `Merge ${describeRevision(revision, ref)}${into === 'master' ? '' : ` into ${into}`}\n`
}

function describeRevision(revision: string, ref: string | undefined): string {
  if (ref?.startsWith(BRANCHES) === true) return `branch '${ref.slice(BRANCHES.length)}'`
  if (ref?.startsWith('refs/tags/') === true) return `tag '${ref.slice('refs/tags/'.length)}'`
  if (ref?.startsWith('refs/remotes/') === true) {
    return `remote-tracking branch '${ref.slice('refs/remotes/'.length)}'`
  }
  return `commit '${revision}'`
}

/** The message of a squashed merge, as git's: the commits that it stands for, newest first. */
export async function squashMessage(
  graph: CommitGraph,
  { ours, theirs }: { ours: CID; theirs: CID },
  options: AbortOptions = {},
): Promise<string> {
  let text = 'Squashed commit of the following:\n'
  for await (const { id } of walkHistory(graph, { include: [theirs], exclude: [ours], ...options })) {
    const { author, message } = await graph.read(id, options)
    const indented = message.trimEnd().replaceAll(/^(?=.)/gm, '    ')
    const date = renderDate(author.date, 'default', new Date(author.date))
    text += `\ncommit ${id}\nAuthor: ${formatIdentity(author)}\nDate:   ${date}\n\n${indented}\n`
  }
  return text
}
