import { NotFoundError } from '../../model/errors.ts'
import { branchName, branchOrHead } from '../branch-name.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { openHomeHere } from '../network.ts'

/** `jzfs unpublish`: lets peers no longer have a branch. */
export const unpublish: CommandModule = {
  configure(command, context) {
    command
      .argument('[branch]', 'the branch (default: the one that is checked out), or its IPNS name')
      .option('--json', 'print one JSON document')
      .action(async (branch: string | undefined, flags: { json?: true }) => {
        const home = openHomeHere(context)
        const module = await import('../../node/publish/unpublish.ts')
        const name = await publishedName(context, branch)
        const head = await module.unpublish(home, name, { command: context.commandLine, signal: context.signal })
        if (flags.json) return context.terminal.json(head)
        await context.terminal.out(`no longer published: ${branchName(head.ref)}\n`)
        context.terminal.say('copies that others have made stay theirs; the name and its key are kept')
      })
  },
}

async function publishedName(context: Context, branch: string | undefined): Promise<string> {
  if (branch !== undefined && /^(ipns:\/\/|\/ipns\/|k51)/.test(branch)) {
    const { parseIpnsName } = await import('../../sync/names/ipns-name.ts')
    return parseIpnsName(branch)
  }
  return withRepository(context, async (repository) => {
    const ref = await branchOrHead(repository, branch)
    const repositories = openHomeHere(context).repositories.list()
    const head = repositories.find(({ id }) => id === repository.id)?.heads.find((each) => each.ref === ref)
    if (head !== undefined) return head.name
    throw new NotFoundError('not-published', `this node does not publish ${ref} of this repository`, {
      hint: '`jzfs publish --list` shows what it publishes',
      details: { ref },
    })
  })
}
