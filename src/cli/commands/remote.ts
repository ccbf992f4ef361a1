import { InvalidError } from '../../model/errors.ts'
import { addRemote } from '../../repo/remote/add-remote.ts'
import { setRemoteHead, setRemoteUrl } from '../../repo/remote/configure-remote.ts'
import { readRemote } from '../../repo/remote/remote-config.ts'
import { removeRemote } from '../../repo/remote/remove-remote.ts'
import { renameRemote } from '../../repo/remote/rename-remote.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { listRemoteLines } from '../remote/list-remotes.ts'
import { readRemoteUrl } from '../remote/read-remote-url.ts'
import { refAuthor } from '../remote/ref-author.ts'

interface AddFlags {
  track?: string[]
  master?: string
  peer?: string[]
}

/** `jzfs remote`: the repositories that this one is kept in step with. */
export const remote: CommandModule = {
  configure(command, context) {
    // Options behind a subcommand are its own.
    command
      .enablePositionalOptions()
      .allowExcessArguments()
      .option('-v, --verbose', 'show URLs')
      .option('--json', 'print one JSON document')
      .action((flags: { verbose?: true; json?: true }) => {
        if (command.args.length > 0) throw noSuchSubcommand(command.args[0] as string)
        return listRemoteLines(context, flags)
      })
    declareAdd(command, context)
    command
      .command('ls')
      .description('list remotes (as without a subcommand)')
      .option('-v, --verbose', 'show URLs')
      .option('--json', 'print one JSON document')
      .action((flags: { verbose?: true; json?: true }) => listRemoteLines(context, flags))
    command
      .command('rename')
      .description('call a remote something else, with its refs and what follows it')
      .argument('<name>', 'what it is called')
      .argument('<new-name>', 'what it shall be called')
      .action((before: string, after: string) => rename(context, { before, after }))
    for (const name of ['rm', 'remove']) {
      command
        .command(name)
        .description('forget a remote, its refs, and that branches follow it')
        .argument('<name>', 'what it is called')
        .action((removed: string) =>
          withRepository(context, async (repository) => {
            await removeRemote(repository, removed, refAuthor(context, repository))
          }),
        )
    }
    declareUrls(command, context)
    command
      .command('set-head')
      .description('say which branch of a remote its name alone means')
      .argument('<name>', 'what it is called')
      .argument('[branch]', 'the branch, as it is called there')
      .option('-d, --delete', 'none')
      .action((name: string, branch: string | undefined, flags: { delete?: true }) =>
        setHead(context, { name, branch }, flags),
      )
  },
}

type Parent = Parameters<CommandModule['configure']>[0]

function declareAdd(command: Parent, context: Context): void {
  command
    .command('add')
    .description('remember another repository under a name')
    .argument('<name>', 'what to call it')
    .argument(
      '<url>',
      'ipns://NAME, ipfs://COMMIT, /ip4/…/p2p/PEER/REPOSITORY, https://HOST/REPOSITORY, a folder, a .car file',
    )
    .option('-t, --track <branch>', 'fetch this branch only; may be repeated', collect)
    .option('-m, --master <branch>', 'what NAME alone means: this branch of it')
    .option('--peer <address>', 'ask this node; may be repeated', collect)
    .action((name: string, url: string, flags: AddFlags) =>
      withRepository(context, async (repository) => {
        const { track = [], peer: peers = [], master: head } = flags
        const added = { name, url: await readRemoteUrl(context, url), track, peers, head }
        await addRemote(repository, added, refAuthor(context, repository))
      }),
    )
}

function declareUrls(command: Parent, context: Context): void {
  command
    .command('get-url')
    .description('print where a remote is')
    .argument('<name>', 'what it is called')
    .option('--push', 'print where is pushed to')
    .action((name: string, { push }: { push?: true }) =>
      withRepository(context, async ({ config }) => {
        const { url, pushUrl } = readRemote(config, name)
        await context.terminal.out(`${push ? pushUrl : url}\n`)
      }),
    )
  command
    .command('set-url')
    .description('say where a remote is now')
    .argument('<name>', 'what it is called')
    .argument('<url>', 'where it is')
    .option('--push', 'say where is pushed to')
    .action((name: string, url: string, { push }: { push?: true }) =>
      withRepository(context, async (repository) => {
        const place = { name, url: await readRemoteUrl(context, url), isPush: push === true }
        await setRemoteUrl(repository, place, refAuthor(context, repository))
      }),
    )
}

function rename(context: Context, names: { before: string; after: string }): Promise<void> {
  return withRepository(context, async (repository) => {
    const { keptRefspecs } = await renameRemote(repository, names, refAuthor(context, repository))
    for (const refspec of keptRefspecs) {
      context.terminal.say(`warning: the refspec ${refspec} is left as it is: it keeps refs elsewhere`)
    }
  })
}

function setHead(
  context: Context,
  { name, branch }: { name: string; branch: string | undefined },
  flags: { delete?: true },
): Promise<void> {
  if ((branch === undefined) !== (flags.delete === true)) {
    throw new InvalidError('usage', 'remote set-head wants a branch, or --delete', {
      hint: 'jzfs remote set-head origin main',
    })
  }
  return withRepository(context, async (repository) => {
    const head = branch === undefined ? undefined : `refs/heads/${branch}`
    await setRemoteHead(repository, { name, head }, refAuthor(context, repository))
  })
}

function noSuchSubcommand(name: string): InvalidError {
  return new InvalidError('usage', `remote: there is no subcommand ${name}`, { hint: 'see `jzfs remote --help`' })
}
