import { shortenCid } from '../../model/cid-text.ts'
import { commitIndex } from '../../worktree/commit.ts'
import { mergeInProgress } from '../../worktree/merge/end-merge.ts'
import { readStatus } from '../../worktree/status/status.ts'
import type { Context } from '../context.ts'
import { editMessage } from '../editor.ts'
import type { WorkingRepository } from '../here.ts'
import { printableMessage } from '../history/commit-message.ts'
import { currentPerson, sayTakenIdentity } from '../identity.ts'
import { givenMessage } from '../message-options.ts'

/** Commits a merge that waited. On a terminal the user may change its message. */
export async function concludeMerge(
  context: Context,
  repository: WorkingRepository,
  flags: { message?: string[]; file?: string; edit?: boolean; quiet?: true; json?: true },
): Promise<void> {
  const { message } = mergeInProgress(repository)
  const { terminal, signal } = context
  const { cid, commit, branch } = await commitIndex(repository, {
    command: context.commandLine,
    author: currentPerson(context, repository.config, 'AUTHOR'),
    committer: currentPerson(context, repository.config, 'COMMITTER'),
    message: await chooseMessage(context, repository, message, flags),
    signal,
    onRebuilt: (error) => terminal.say(`warning: ${error.message}`),
  })
  const name = branch?.replace('refs/heads/', '')
  if (flags.json) return terminal.json({ commit: cid, tree: commit.tree, parents: commit.parents, branch: name })
  if (flags.quiet) return
  sayTakenIdentity(context, repository.config)
  const subject = printableMessage(commit.message.split('\n', 1)[0] as string)
  await terminal.out(`[${name ?? 'detached HEAD'} ${shortenCid(cid)}] ${subject}\n`)
}

async function chooseMessage(
  context: Context,
  repository: WorkingRepository,
  prepared: string,
  flags: { message?: string[]; file?: string; edit?: boolean },
): Promise<string> {
  const given = givenMessage(context, flags)
  if (flags.edit !== true && given !== undefined) return given
  const message = given ?? prepared
  if (flags.edit === false || (flags.edit === undefined && !context.terminal.interactive)) return message
  const { conflicts } = await readStatus(repository, { untracked: 'none', renames: false })
  // Nothing is to be written for a merge that cannot be committed yet.
  if (conflicts.length > 0) return message
  const comment = '# Write the message of the merge. Lines that begin with # are dropped.\n'
  return editMessage(context, repository.path, `${message}\n${comment}`)
}
