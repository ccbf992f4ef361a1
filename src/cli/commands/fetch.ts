import { NotFoundError } from '../../model/errors.ts'
import { parseRefspec } from '../../repo/remote/refspec.ts'
import { listRemotes, type RemoteConfig } from '../../repo/remote/remote-config.ts'
import { upstreamOf } from '../../repo/remote/upstream.ts'
import type { Repository } from '../../repo/repository.ts'
import type { FetchResult } from '../../sync/remote/fetch-remote.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import { withRepository } from '../here.ts'
import { createProgressLine } from '../progress.ts'
import { fetchDocument, tellFetched } from '../remote/fetch-report.ts'
import { type ChosenRemote, chooseRemote, withRemote } from '../remote/open-remote-here.ts'
import { refAuthor } from '../remote/ref-author.ts'

interface FetchFlags {
  all?: true
  tags?: boolean
  prune?: boolean
  pruneTags?: true
  force?: true
  dryRun?: true
  peer?: string[]
  allowExpired?: true
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
      .action((remote: string | undefined, refspecs: string[], flags: FetchFlags) =>
        withRepository(context, (repository) => run(context, repository, { remote, refspecs, flags })),
      )
  },
}

interface Request {
  remote: string | undefined
  refspecs: readonly string[]
  flags: FetchFlags
}

async function run(context: Context, repository: Repository, request: Request): Promise<void> {
  const { flags } = request
  const results: { chosen: ChosenRemote; result: FetchResult }[] = []
  for (const chosen of await chosenRemotes(repository, request)) {
    if (flags.all === true && flags.quiet !== true && flags.json !== true)
      context.terminal.say(`Fetching ${chosen.config?.name}`)
    const result = await fetchOne(context, repository, chosen, request)
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

async function fetchOne(
  context: Context,
  repository: Repository,
  { config, url }: ChosenRemote,
  { refspecs, flags }: Request,
): Promise<FetchResult> {
  const { fetchRemote } = await import('../../sync/remote/fetch-remote.ts')
  const { TAG_REFSPEC } = await import('../../sync/remote/select-refs.ts')
  const { peer: peers = [], allowExpired } = flags
  const progress = createProgressLine(context.terminal, 'receiving')
  const upstream = await upstreamRef(repository, config)
  return withRemote(context, { url, config, local: repository, peers, allowExpired }, (remote) =>
    fetchRemote({
      repository,
      remote,
      remoteName: config?.name,
      refspecs: refspecs.map((text) => parseRefspec(text, 'fetch')),
      configured: config?.fetch ?? [],
      tags: flags.tags === undefined ? 'follow' : flags.tags ? 'all' : 'none',
      upstream,
      prune: flags.prune ?? config?.prune ?? false,
      alsoPruned: flags.pruneTags === true ? [TAG_REFSPEC] : [],
      force: flags.force === true,
      isDryRun: flags.dryRun === true,
      ...refAuthor(context, repository),
      idleTimeoutMs: repository.config.get('network.idleTimeoutMs'),
      signal: context.signal,
      onProgress: progress.update,
    }),
  ).finally(() => progress.done())
}

/** The ref of the remote that the current branch follows. */
async function upstreamRef(repository: Repository, config: RemoteConfig | undefined): Promise<string | undefined> {
  const head = await repository.refs.head()
  const upstream = 'branch' in head ? upstreamOf(repository, head.branch) : undefined
  return config !== undefined && upstream?.remote === config.name ? upstream.ref : undefined
}
