import type { Command } from 'commander'

import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { createCommitGraph } from '../../repo/history/commit-graph.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { listRemotes } from '../../repo/remote/remote-config.ts'
import { setUpstream } from '../../repo/remote/set-upstream.ts'
import { upstreamOf } from '../../repo/remote/upstream.ts'
import { refuseSequence } from '../../repo/sequence/sequence.ts'
import type { FetchResult } from '../../sync/remote/fetch-remote.ts'
import { chooseIntegration, type PullChoice } from '../../worktree/pull/choose-integration.ts'
import { refuseLocalChanges } from '../../worktree/replay/refuse-local-changes.ts'
import { branchName } from '../branch-name.ts'
import { sayFollowed } from '../branch/set-upstream.ts'
import { upstreamForkPoint } from '../branch/upstream-revision.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-status.ts'
import type { WorkingRepository } from '../here.ts'
import { fetchHere } from '../remote/fetch-here.ts'
import { fetchDocument, tellFetched } from '../remote/fetch-report.ts'
import { type ChosenRemote, chooseRemote } from '../remote/open-remote-here.ts'
import { refAuthor } from '../remote/ref-author.ts'
import { type PullFlags, readPullChoice } from './pull-flags.ts'
import { followedHere, type PulledCommit, pulledCommit } from './pulled-commit.ts'
import { mergePulled, rebaseOnPulled } from './take-in.ts'

/** A command line of `pull`. */
export interface PullRequest {
  command: Command
  remote: string | undefined
  refspecs: readonly string[]
  flags: PullFlags
}

/**
 * Fetches, and takes in what was fetched. What was seen of the remote stays where the rest is refused, and where the pull is
 * undone: an undo takes back the merge or rebase, and tags that came.
 */
export async function runPull(context: Context, repository: WorkingRepository, request: PullRequest): Promise<void> {
  const { command, flags } = request
  const branch = await currentBranch(repository)
  const choice = readPullChoice(command, repository.config, branch)
  checkFlags(request, choice)
  refuseSequence(repository, 'pull')
  if (choice.rebase) await refuseLocalChanges(repository, { signal: context.signal })
  const parting = choice.rebase ? await upstreamForkPoint(repository) : undefined
  const fetched = await fetchAll(context, repository, request)
  if (flags.dryRun) return flags.json ? context.terminal.json({ fetched: fetchDocuments(fetched) }) : undefined
  if (flags.setUpstream) await followPulled(context, repository, request, fetched, branch)
  const pulled = await chooseCommit(repository, request, fetched, branch)
  const graph = createCommitGraph(repository.store)
  const sides = { ours: await repository.refs.headCommit(), theirs: pulled.commit }
  const integration = await chooseIntegration(graph, sides, choice, { signal: context.signal })
  const taking = { pulled, flags, fetched: fetchDocuments(fetched), url: urlOf(fetched, pulled) }
  if (integration === 'rebase') return rebaseOnPulled(context, repository, { ...taking, parting })
  const fastForward = integration === 'follow' ? 'only' : choice.fastForward
  return mergePulled(context, repository, { ...taking, fastForward })
}

interface Fetched {
  chosen: ChosenRemote
  result: FetchResult
}

async function currentBranch({ refs }: WorkingRepository): Promise<string | undefined> {
  const head = await refs.head()
  return 'branch' in head ? branchName(head.branch) : undefined
}

function checkFlags({ flags, remote, refspecs }: PullRequest, choice: PullChoice): void {
  if (flags.all && (remote !== undefined || refspecs.length > 0)) throw usage('--all goes with no remote')
  if (choice.rebase && flags.squash) throw usage('--squash and --rebase exclude each other')
  if (flags.squash && choice.fastForward === 'never') throw usage('--squash and --no-ff exclude each other')
}

async function fetchAll(context: Context, repository: WorkingRepository, request: PullRequest): Promise<Fetched[]> {
  const { flags, refspecs } = request
  const fetched: Fetched[] = []
  for (const chosen of await chooseRemotes(repository, request)) {
    const result = await fetchHere(context, repository, chosen, { refspecs, flags })
    if (result.updates.some(({ verdict }) => verdict === 'rejected')) context.status = EXIT.partial
    if (!flags.json && !flags.quiet) tellFetched(context, chosen.url, result, flags.verbose === true)
    fetched.push({ chosen, result })
  }
  return fetched
}

/** Lets the branch follow the one that is pulled. What cannot be followed is said, and pulled all the same, as in git. */
async function followPulled(
  context: Context,
  repository: WorkingRepository,
  request: PullRequest,
  fetched: readonly Fetched[],
  branch: string | undefined,
): Promise<void> {
  const [only, ...others] = fetched.flatMap(({ chosen, result }) => {
    return result.forMerge.map(({ source }) => ({ remote: chosen.config?.name, ref: source }))
  })
  const { remote, ref } = only ?? { remote: undefined, ref: '' }
  if (branch === undefined || others.length > 0 || remote === undefined || !ref.startsWith(BRANCHES)) {
    context.terminal.say(
      'warning: no upstream is set: that takes one branch here, and one branch of a remote with a name',
    )
    return
  }
  const followed = { remote, ref }
  await setUpstream(repository, { branch, followed }, refAuthor(context, repository))
  const { flags } = request
  if (!flags.quiet && !flags.json) await sayFollowed(context, repository, branch, followed)
}

async function chooseRemotes(
  repository: WorkingRepository,
  { remote, refspecs, flags }: PullRequest,
): Promise<ChosenRemote[]> {
  if (flags.all) {
    const remotes = listRemotes(repository.config)
    if (remotes.length > 0) return remotes.map((config) => ({ config, url: config.url }))
    throw new NotFoundError('remote-missing', 'there is no remote', { hint: 'add one with `jzfs remote add NAME URL`' })
  }
  const isLocal = remote === undefined && refspecs.length === 0 && (await followsLocally(repository)) !== undefined
  return isLocal ? [] : [await chooseRemote(repository, remote)]
}

/** The branch of this repository that the current one follows. */
async function followsLocally(repository: WorkingRepository): Promise<string | undefined> {
  const branch = await currentBranch(repository)
  const upstream = branch === undefined ? undefined : upstreamOf(repository, branch)
  return upstream?.remote === '.' ? upstream.ref : undefined
}

async function chooseCommit(
  repository: WorkingRepository,
  { remote, refspecs }: PullRequest,
  fetched: readonly Fetched[],
  branch: string | undefined,
): Promise<PulledCommit> {
  const local = remote === undefined && refspecs.length === 0 ? await followsLocally(repository) : undefined
  if (local !== undefined) return followedHere(repository, local)
  const upstream = branch === undefined ? undefined : upstreamOf(repository, branch)?.remote
  const of = fetched.length === 1 ? fetched : fetched.filter(({ chosen }) => chosen.config?.name === upstream)
  return pulledCommit(repository, { forMerge: of.flatMap(({ result }) => result.forMerge) }, { remote, refspecs })
}

function fetchDocuments(fetched: readonly Fetched[]): object[] {
  return fetched.map(({ chosen, result }) => fetchDocument(chosen.config?.name, chosen.url, result))
}

function urlOf(fetched: readonly Fetched[], { commit }: PulledCommit): string | undefined {
  return (
    fetched.find(({ result }) => result.forMerge.some(({ cid }) => cid.equals(commit)))?.chosen.url ??
    fetched[0]?.chosen.url
  )
}

function usage(message: string): InvalidError {
  return new InvalidError('usage', `pull: ${message}`, { hint: 'see `jzfs pull --help`' })
}
