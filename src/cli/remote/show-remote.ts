import { BRANCHES } from '../../repo/refs/branch.ts'
import { readRemote, type RemoteConfig, trackingPrefix } from '../../repo/remote/remote-config.ts'
import { upstreamOf } from '../../repo/remote/upstream.ts'
import type { Repository } from '../../repo/repository.ts'
import type { RemoteRefs } from '../../sync/remote/remote.ts'
import type { TrackedBranch } from '../../sync/remote/tracked-branches.ts'
import { branchName } from '../branch-name.ts'
import type { Context } from '../context.ts'
import { withRepository } from '../here.ts'
import { remoteDocument } from './list-remotes.ts'
import { withRemote } from './open-remote-here.ts'

/** `remote show NAME`: what is configured, and how the remote's branches stand to the refs here; `query` false: nobody is asked. */
export function showRemote(
  context: Context,
  name: string,
  { query, json }: { query: boolean; json?: true },
): Promise<void> {
  return withRepository(context, async (repository) => {
    const config = readRemote(repository.config, name)
    const asked = query ? await askRemote(context, repository, config) : undefined
    const following = await followingBranches(repository, name)
    if (json) return context.terminal.json({ ...remoteDocument(config), ...askedDocument(asked), following })
    const lines = [
      `* remote ${name}`,
      `  Fetch URL: ${config.url}`,
      `  Push  URL: ${config.pushUrl}`,
      ...(config.trustedName === undefined ? [] : [`  Signed by: ipns://${config.trustedName}`]),
      `  HEAD branch: ${headText(config, asked)}`,
      ...(asked === undefined
        ? await knownLines(repository, name)
        : section('Remote branch', 'Remote branches', asked.branches.map(branchRow(name)))),
      ...section(
        "Local branch configured for 'jzfs pull'",
        "Local branches configured for 'jzfs pull'",
        following.map(({ branch, merges, rebases }) => [
          branch,
          `${rebases ? 'rebases onto' : 'merges with'} remote ${merges}`,
        ]),
      ),
    ]
    await context.terminal.out(lines.map((line) => `${line}\n`).join(''))
  })
}

interface Asked {
  listed: RemoteRefs
  branches: TrackedBranch[]
}

async function askRemote(context: Context, repository: Repository, config: RemoteConfig): Promise<Asked> {
  const { trackedBranches } = await import('../../sync/remote/tracked-branches.ts')
  const listed = await listRemote(context, repository, config)
  return { listed, branches: await trackedBranches(repository, config.name, listed) }
}

/** Asks a remote for its refs. */
export function listRemote(context: Context, repository: Repository, config: RemoteConfig): Promise<RemoteRefs> {
  return withRemote(context, { url: config.url, config, local: repository, peers: [] }, (remote) =>
    remote.list({ signal: context.signal }),
  )
}

function headText({ head }: RemoteConfig, asked: Asked | undefined): string {
  if (asked === undefined) return head === undefined ? '(not queried)' : `${branchName(head)} (not queried)`
  return asked.listed.head === undefined ? '(unknown)' : branchName(asked.listed.head)
}

function branchRow(remote: string) {
  return ({ source, target, state }: TrackedBranch): [string, string] => {
    if (state === 'stale') return [target ?? source, `stale (use 'jzfs remote prune' to remove)`]
    if (state === 'new') return [branchName(source), `new (next fetch will store in remotes/${remote})`]
    return [branchName(source), state]
  }
}

async function knownLines({ refs }: Repository, name: string): Promise<string[]> {
  const known = await refs.list(trackingPrefix(name))
  if (known.length === 0) return []
  const names = known.map((ref) => `    ${ref.name.slice(trackingPrefix(name).length)}`)
  return [`  Remote branch${known.length === 1 ? '' : 'es'}: (status not queried)`, ...names]
}

async function followingBranches(
  repository: Repository,
  remote: string,
): Promise<{ branch: string; merges: string; rebases: boolean }[]> {
  const branches = await repository.refs.list(BRANCHES)
  return branches.flatMap(({ name }) => {
    const upstream = upstreamOf(repository, name)
    const branch = branchName(name)
    const rebases = repository.config.get(`branch.${branch}.rebase`) ?? false
    return upstream?.remote === remote ? [{ branch, merges: branchName(upstream.ref), rebases }] : []
  })
}

function section(one: string, many: string, rows: [string, string][]): string[] {
  if (rows.length === 0) return []
  const width = Math.max(...rows.map(([name]) => name.length))
  return [`  ${rows.length === 1 ? one : many}:`, ...rows.map(([name, text]) => `    ${name.padEnd(width)} ${text}`)]
}

function askedDocument(asked: Asked | undefined): object {
  if (asked === undefined) return { branches: null }
  return { head: asked.listed.head ?? null, name: asked.listed.name ?? null, branches: asked.branches }
}
