import type { Unpublished, UnpublishOptions } from '../../node/publish/unpublish.ts'
import { branchOrHead } from '../branch-name.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { openHomeHere } from '../network.ts'
import { describeRef } from '../undo/describe-change.ts'

interface UnpublishFlags {
  all?: true
  json?: true
}

/** `jzfs unpublish`: lets peers no longer have branches, tags or the whole repository. */
export const unpublish: CommandModule = {
  configure(command, context) {
    command
      .argument('[branch...]', 'the branches (default: the one that is checked out), refs/tags/TAG, or one IPNS name')
      .option('--all', 'publish nothing of the repository any more, and let nobody push')
      .option('--json', 'print one JSON document')
      .action((branches: string[], flags: UnpublishFlags) => run(context, branches, flags))
  },
}

async function run(context: Context, branches: string[], flags: UnpublishFlags): Promise<void> {
  const ended = await end(context, branches, flags)
  const { registered, refs, isAll } = ended
  if (flags.json) return context.terminal.json({ repository: registered.name, refs, all: isAll })
  const lines = refs.map(({ ref }) => `no longer published: ${describeRef(ref)}\n`)
  if (isAll) lines.push(`no longer published: the repository ${registered.name}\n`)
  await context.terminal.out(lines.join(''))
  context.terminal.say('copies that others have made stay theirs; the name and its key are kept')
}

async function end(context: Context, branches: string[], flags: UnpublishFlags): Promise<Unpublished> {
  const home = openHomeHere(context)
  const module = await import('../../node/publish/unpublish.ts')
  const options: UnpublishOptions = { command: context.commandLine, now: context.now(), signal: context.signal }
  const [first] = branches
  if (branches.length === 1 && first !== undefined && /^(ipns:\/\/|\/ipns\/|k51)/.test(first)) {
    const { parseIpnsName } = await import('../../sync/names/ipns-name.ts')
    return module.unpublish(home, parseIpnsName(first), options)
  }
  return withRepository(context, async (repository) => {
    const named = branches.length === 0 ? [undefined] : branches
    const refs = flags.all ? 'all' : await Promise.all(named.map((branch) => refOf(repository, branch)))
    return module.unpublishRefs(home, { repositoryId: repository.id, refs }, options)
  })
}

async function refOf(repository: Parameters<typeof branchOrHead>[0], name: string | undefined): Promise<string> {
  return name?.startsWith('refs/tags/') === true ? name : branchOrHead(repository, name)
}
