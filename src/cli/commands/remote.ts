import { InvalidError } from '../../model/errors.ts'
import { addRemote } from '../../repo/remote/add-remote.ts'
import { setRemoteUrl } from '../../repo/remote/configure-remote.ts'
import { readRemote } from '../../repo/remote/remote-config.ts'
import { removeRemote } from '../../repo/remote/remove-remote.ts'
import { renameRemote } from '../../repo/remote/rename-remote.ts'
import type { Repository } from '../../repo/repository.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { fetchHere } from '../remote/fetch-here.ts'
import { tellFetched } from '../remote/fetch-report.ts'
import { listRemoteLines } from '../remote/list-remotes.ts'
import { chooseRemote } from '../remote/open-remote-here.ts'
import { type PruneFlags, pruneRemotes } from '../remote/prune-remotes.ts'
import { readRemoteUrl } from '../remote/read-remote-url.ts'
import { refAuthor } from '../remote/ref-author.ts'
import { type HeadFlags, setHead } from '../remote/set-head.ts'
import { showRemote } from '../remote/show-remote.ts'

interface AddFlags {
  track?: string[]
  master?: string
  peer?: string[]
  fetch?: true
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
    declareAsking(command, context)
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
    .option('-f, --fetch', 'fetch from it at once')
    .action((name: string, url: string, flags: AddFlags) =>
      withRepository(context, async (repository) => {
        const { track = [], peer: peers = [], master: head } = flags
        const added = { name, url: await readRemoteUrl(context, url), track, peers, head }
        await addRemote(repository, added, refAuthor(context, repository))
        if (flags.fetch) await fetchAdded(context, repository, name)
      }),
    )
}

async function fetchAdded(context: Context, repository: Repository, name: string): Promise<void> {
  const chosen = await chooseRemote(repository, name)
  const result = await fetchHere(context, repository, chosen, { refspecs: [], flags: {} })
  tellFetched(context, chosen.url, result, false)
}

function declareUrls(command: Parent, context: Context): void {
  command
    .command('get-url')
    .description('print where a remote is')
    .argument('<name>', 'what it is called')
    .option('--push', 'print where is pushed to')
    .option('--json', 'print one JSON document')
    .action((name: string, { push, json }: { push?: true; json?: true }) =>
      withRepository(context, async ({ config }) => {
        const { url, pushUrl } = readRemote(config, name)
        if (json) await context.terminal.json({ remote: name, url, pushUrl })
        else await context.terminal.out(`${push ? pushUrl : url}\n`)
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

/** What asks the remote. */
function declareAsking(command: Parent, context: Context): void {
  command
    .command('show')
    .description('show what is configured, and what the remote has')
    .argument('<name>', 'what it is called')
    .option('-n, --no-query', 'do not ask the remote')
    .option('--json', 'print one JSON document')
    .action((name: string, flags: { query: boolean; json?: true }) => showRemote(context, name, flags))
  command
    .command('prune')
    .description('remove the refs whose branches a remote has no longer')
    .argument('<name...>', 'what they are called')
    .option('-n, --dry-run', 'say what would be removed, and remove nothing')
    .option('-q, --quiet', 'print nothing')
    .option('--json', 'print one JSON document')
    .action((names: string[], flags: PruneFlags) => pruneRemotes(context, names, flags))
  command
    .command('set-head')
    .description('say which branch of a remote its name alone means')
    .argument('<name>', 'what it is called')
    .argument('[branch]', 'the branch, as it is called there')
    .option('-a, --auto', 'that of its HEAD: the remote is asked')
    .option('-d, --delete', 'none')
    .action((name: string, branch: string | undefined, flags: HeadFlags) => setHead(context, { name, branch }, flags))
}

function rename(context: Context, names: { before: string; after: string }): Promise<void> {
  return withRepository(context, async (repository) => {
    const { keptRefspecs } = await renameRemote(repository, names, refAuthor(context, repository))
    for (const refspec of keptRefspecs) {
      context.terminal.say(`warning: the refspec ${refspec} is left as it is: it keeps refs elsewhere`)
    }
  })
}

function noSuchSubcommand(name: string): InvalidError {
  return new InvalidError('usage', `remote: there is no subcommand ${name}`, { hint: 'see `jzfs remote --help`' })
}
