import { ConflictError, InvalidError } from '../../model/errors.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { pushDestination } from '../../repo/remote/push-destination.ts'
import { parseRefspec, type Refspec } from '../../repo/remote/refspec.ts'
import type { Repository } from '../../repo/repository.ts'
import type { PushedRemote } from '../../sync/remote/push-remote.ts'
import { collect } from '../collect.ts'
import type { CommandModule } from '../command.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { createProgressLine } from '../progress.ts'
import { type ChosenRemote, chooseRemote, withRemote } from '../remote/open-remote-here.ts'
import { pushDocument, pushHint, tellPushed } from '../remote/push-report.ts'
import { readLease } from '../remote/read-lease.ts'
import { refAuthor } from '../remote/ref-author.ts'

interface PushFlags {
  all?: true
  tags?: true
  followTags?: true
  delete?: true
  prune?: true
  force?: true
  forceWithLease?: string[] | string | false
  setUpstream?: true
  atomic?: boolean
  dryRun?: true
  peer?: string[]
  quiet?: true
  verbose?: true
  json?: true
}

/** `jzfs push`: gives commits to a remote, and moves its refs. */
export const push: CommandModule = {
  attachedValues: { '--force-with-lease': '' },
  configure(command, context) {
    command
      .argument('[remote]', 'its name, or a URL (default: what the branch follows)')
      .argument('[refspec...]', 'what to push, and to which ref: [+]SOURCE[:TARGET]; :TARGET deletes')
      .option('--all', 'push all branches')
      .option('--tags', 'push all tags')
      .option('--follow-tags', 'push annotated tags as well that tag what is pushed')
      .option('-d, --delete', 'delete these refs there')
      .option('--prune', 'delete branches there that are not here')
      .option('-f, --force', 'set refs there also where that loses commits')
      .option(
        '--force-with-lease [ref]',
        'the same where they are what was last seen: all, or REF, or REF:EXPECTED',
        (value: string, before: string[] | undefined) => [...(before ?? []), value],
      )
      .option('-u, --set-upstream', 'let branches follow what they are pushed to')
      .option('--atomic', 'push all or nothing (always so)')
      .option('-n, --dry-run', 'say what would be pushed, and push nothing')
      .option('--peer <address>', 'reach it by this node; may be repeated', collect)
      .option('-q, --quiet', 'print nothing but what was rejected')
      .option('-v, --verbose', 'show also what is up to date')
      .option('--json', 'print one JSON document')
      .action((remote: string | undefined, refspecs: string[], flags: PushFlags) =>
        withRepository(context, (repository) => run(context, repository, { remote, refspecs, flags })),
      )
  },
}

interface Request {
  remote: string | undefined
  refspecs: readonly string[]
  flags: PushFlags
}

async function run(context: Context, repository: Repository, request: Request): Promise<void> {
  const { flags } = request
  const chosen = await chooseRemote(repository, request.remote)
  const url = chosen.config?.pushUrl ?? chosen.url
  const { refspecs, setsUpstream } = await refspecsOf(repository, chosen, request)
  const pushed = await pushChosen(context, repository, chosen, { flags, url, refspecs, setsUpstream })
  if (flags.json === true) await context.terminal.json(pushDocument(chosen.config?.name, url, pushed))
  else tellPushed(context, url, pushed, { verbose: flags.verbose === true, quiet: flags.quiet === true })
  if (pushed.isRejected) {
    throw new ConflictError('push-rejected', `failed to push some refs to '${url}'`, { hint: pushHint(pushed) })
  }
  if (flags.json === true || flags.quiet === true) return
  for (const { branch, ref } of pushed.upstreams) {
    const upstream = `${chosen.config?.name ?? url}/${ref.slice(BRANCHES.length)}`
    await context.terminal.out(`branch '${branch}' set up to track '${upstream}'.\n`)
  }
}

async function pushChosen(
  context: Context,
  repository: Repository,
  { config, url: fetchUrl }: ChosenRemote,
  options: { flags: PushFlags; url: string; refspecs: Refspec[]; setsUpstream: boolean },
): Promise<PushedRemote> {
  const { pushRemote } = await import('../../sync/remote/push-remote.ts')
  const { flags, url, refspecs, setsUpstream } = options
  const progress = createProgressLine(context.terminal, 'sending')
  const lease = await readLease(repository, flags.forceWithLease)
  const { peer: peers = [] } = flags
  return withRemote(context, { url, config, local: repository, peers }, (remote) =>
    pushRemote({
      repository,
      remote,
      remoteName: config?.name ?? fetchUrl,
      refspecs,
      configured: config?.fetch ?? [],
      followTags: flags.followTags === true,
      prune: flags.prune === true,
      force: flags.force === true,
      lease,
      setsUpstream,
      isDryRun: flags.dryRun === true,
      ...refAuthor(context, repository),
      idleTimeoutMs: repository.config.get('network.idleTimeoutMs'),
      signal: context.signal,
      onProgress: progress.update,
    }),
  ).finally(() => progress.done())
}

/** What is pushed: what was named, or what `push.default` says. */
async function refspecsOf(
  repository: Repository,
  { config, url }: ChosenRemote,
  { refspecs, flags }: Request,
): Promise<{ refspecs: Refspec[]; setsUpstream: boolean }> {
  const setsUpstream = flags.setUpstream === true
  refuseContradictions(refspecs, flags)
  const texts = [
    ...(flags.all === true ? ['refs/heads/*:refs/heads/*'] : []),
    ...refspecs.map((text) => (flags.delete === true ? `:${text}` : text)),
    ...(flags.tags === true ? ['refs/tags/*:refs/tags/*'] : []),
  ]
  if (texts.length > 0) return { refspecs: texts.map((text) => parseRefspec(text, 'push')), setsUpstream }
  const branch = await currentBranch(repository)
  if (repository.config.get('push.default') === 'matching')
    return { refspecs: [parseRefspec(':', 'push')], setsUpstream }
  const remote = config?.name ?? url
  const isSetUp = setsUpstream || repository.config.get('push.autoSetupRemote')
  const isFollowing = repository.config.get(`branch.${branch.slice(BRANCHES.length)}.remote`) !== undefined
  if (isSetUp && !isFollowing) return { refspecs: [parseRefspec(`${branch}:${branch}`, 'push')], setsUpstream: true }
  const destination = pushDestination(repository, branch)
  // To another remote than the one that the branch follows, it goes by its own name.
  const target = destination.remote === remote ? destination.ref : branch
  return { refspecs: [parseRefspec(`${branch}:${target}`, 'push')], setsUpstream }
}

function refuseContradictions(refspecs: readonly string[], { all, delete: deletes, tags }: PushFlags): void {
  const problem =
    all === true && refspecs.length > 0
      ? '--all and refspecs do not go together'
      : deletes === true && refspecs.length === 0
        ? '--delete wants the names of refs'
        : deletes === true && (all === true || tags === true)
          ? '--delete does not go with --all or --tags'
          : undefined
  if (problem === undefined) return
  throw new InvalidError('usage', problem, { hint: 'see `jzfs push --help`' })
}

async function currentBranch({ refs }: Repository): Promise<string> {
  const head = await refs.head()
  if ('branch' in head) return head.branch
  throw new InvalidError('branch-needed', 'you are not currently on a branch', {
    hint: 'name what to push, and where: `jzfs push REMOTE HEAD:refs/heads/NAME`',
  })
}
