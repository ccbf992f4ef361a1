import { NotFoundError } from '../../model/errors.ts'
import { listRemotes } from '../../repo/remote/remote-config.ts'
import type { Repository } from '../../repo/repository.ts'
import type { FetchResult } from '../../sync/remote/fetch-remote.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { withRepository } from '../here.ts'
import { type FetchFlags, fetchHere } from '../remote/fetch-here.ts'
import { fetchDocument, tellFetched } from '../remote/fetch-report.ts'
import { type ChosenRemote, chooseRemote } from '../remote/open-remote-here.ts'

interface Flags extends FetchFlags {
  all?: true
  quiet?: true
  verbose?: true
  json?: true
}

/** `jzfs fetch`: brings what is new of a remote, and sets the refs that follow it. */
export const fetch: CommandModule = {
  configure(command, context) {
    command
      .argument('[remote]', 'its name, or a URL (default: what the branch follows)')
      .argument('[refspec...]', 'what to fetch, and to which ref: SOURCE[:TARGET]')
      .option('--all', 'fetch all remotes')
      .option('-t, --tags', 'fetch all tags')
      .option('-n, --no-tags', 'fetch no tags but those that are named')
      .option('-p, --prune', 'remove refs here whose source the remote has no longer')
      .option('--no-prune', 'keep them, whatever is configured')
      .option('-P, --prune-tags', 'with --prune, remove tags as well that the remote does not have')
      .option('-f, --force', 'set refs also where that loses commits')
      .option('--dry-run', 'say what would be set, and set nothing')
      .option('--peer <address>', 'ask this node as well; may be repeated', collect)
      .option('--allow-expired', 'accept a record whose life is over')
      .option('-q, --quiet', 'print nothing')
      .option('-v, --verbose', 'show also what is up to date')
      .option('--json', 'print one JSON document')
      .action((remote: string | undefined, refspecs: string[], flags: Flags) =>
        withRepository(context, (repository) => run(context, repository, { remote, refspecs, flags })),
      )
  },
}

interface Request {
  remote: string | undefined
  refspecs: readonly string[]
  flags: Flags
}

async function run(context: Context, repository: Repository, request: Request): Promise<void> {
  const { flags } = request
  const results: { chosen: ChosenRemote; result: FetchResult }[] = []
  for (const chosen of await chosenRemotes(repository, request)) {
    if (flags.all === true && flags.quiet !== true && flags.json !== true)
      context.terminal.say(`Fetching ${chosen.config?.name}`)
    const result = await fetchHere(context, repository, chosen, request)
    if (result.updates.some(({ verdict }) => verdict === 'rejected')) context.status = EXIT.partial
    if (flags.json !== true && flags.quiet !== true) tellFetched(context, chosen.url, result, flags.verbose === true)
    results.push({ chosen, result })
  }
  if (flags.json !== true) return
  const documents = results.map(({ chosen, result }) => fetchDocument(chosen.config?.name, chosen.url, result))
  await context.terminal.json(flags.all === true ? { remotes: documents } : documents[0])
}

async function chosenRemotes(repository: Repository, { remote, flags }: Request): Promise<ChosenRemote[]> {
  if (flags.all !== true) return [await chooseRemote(repository, remote)]
  const remotes = listRemotes(repository.config)
  if (remotes.length > 0) return remotes.map((config) => ({ config, url: config.url }))
  throw new NotFoundError('remote-missing', 'there is no remote', { hint: 'add one with `jzfs remote add NAME URL`' })
}
