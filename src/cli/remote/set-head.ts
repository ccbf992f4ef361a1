import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { setRemoteHead } from '../../repo/remote/configure-remote.ts'
import { readRemote } from '../../repo/remote/remote-config.ts'
import type { Repository } from '../../repo/repository.ts'
import { branchName } from '../branch-name.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { refAuthor } from './ref-author.ts'
import { listRemote } from './show-remote.ts'

export interface HeadFlags {
  auto?: true
  delete?: true
}

/** `remote set-head NAME (BRANCH | -a | -d)`: says what the name of a remote alone means. */
export function setHead(
  context: Context,
  { name, branch }: { name: string; branch: string | undefined },
  flags: HeadFlags,
): Promise<void> {
  const ways = [branch, flags.auto, flags.delete].filter((each) => each !== undefined)
  if (ways.length !== 1) {
    throw new InvalidError('usage', 'remote set-head wants a branch, or --auto, or --delete', {
      hint: '`jzfs remote set-head origin main`',
    })
  }
  return withRepository(context, async (repository) => {
    const named = branch === undefined ? undefined : `refs/heads/${branch}`
    const head = flags.auto ? await headThere(context, repository, name) : named
    await setRemoteHead(repository, { name, head }, refAuthor(context, repository))
    if (flags.auto && head !== undefined) await context.terminal.out(`${name}/HEAD set to ${branchName(head)}\n`)
  })
}

async function headThere(context: Context, repository: Repository, name: string): Promise<string> {
  const { head } = await listRemote(context, repository, readRemote(repository.config, name))
  if (head !== undefined) return head
  throw new NotFoundError('remote-head-missing', `${name} does not say which branch its HEAD is on`, {
    hint: `say which: \`jzfs remote set-head ${name} BRANCH\``,
    details: { remote: name },
  })
}
