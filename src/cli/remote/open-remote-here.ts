import { openConfig } from '../../repo/config/config.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { defaultRemote } from '../../repo/remote/push-destination.ts'
import { findRemote, readRemote, type RemoteConfig } from '../../repo/remote/remote-config.ts'
import { upstreamOf } from '../../repo/remote/upstream.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Remote } from '../../sync/remote/remote.ts'
import type { Context } from '../context.ts'
import { configSources, openOptions } from '../here.ts'
import { currentPerson } from '../identity.ts'
import { networkProfile, openHomeHere, routerUrls } from '../network.ts'
import { warnOfRefused } from './refused-peers.ts'

/** A remote of the configuration, or just a URL. */
export interface ChosenRemote {
  /** Undefined for a URL. */
  config: RemoteConfig | undefined
  url: string
}

/**
 * What the user called a remote: a name, a URL, or nothing: then the remote that the current branch follows, the only one, or
 * `origin`. Throws NotFoundError `remote-missing`.
 */
export async function chooseRemote(repository: Repository, text: string | undefined): Promise<ChosenRemote> {
  const name = text ?? (await followedRemote(repository)) ?? defaultRemote(repository.config) ?? 'origin'
  const config = findRemote(repository.config, name)
  if (config !== undefined) return { config, url: config.url }
  if (!/[/:.]/.test(name)) return { config: readRemote(repository.config, name), url: '' }
  return { config: undefined, url: name }
}

async function followedRemote(repository: Repository): Promise<string | undefined> {
  const head = await repository.refs.head()
  const upstream = 'branch' in head ? upstreamOf(repository, head.branch) : undefined
  return upstream?.remote === '.' ? undefined : upstream?.remote
}

/** How a command opens a remote. */
export interface OpenHereOptions {
  /** `remote.NAME.url`, or `.pushUrl`. */
  url: string
  config: RemoteConfig | undefined
  /** Undefined for a clone. */
  local: Repository | undefined
  /** Addresses of the command line. */
  peers: readonly string[]
  allowExpired?: boolean | undefined
  /** What the branch is called where the URL names only one; default: what is configured. */
  branch?: string | undefined
}

/** Opens a remote for a command, runs `work` with it, and closes it. */
export async function withRemote<Result>(
  context: Context,
  options: OpenHereOptions,
  work: (remote: Remote) => Promise<Result>,
): Promise<Result> {
  const { openRemote } = await import('../../http/open-remote.ts')
  const { url, config: remoteConfig, local, peers, allowExpired } = options
  const config = local?.config ?? openConfig(configSources(context))
  const remote = await openRemote(url, {
    home: openHomeHere(context),
    directory: context.cwd,
    local,
    addresses: [...(remoteConfig?.peers ?? []), ...peers],
    profile: networkProfile(context),
    routerUrls: routerUrls(context),
    trustedName: remoteConfig?.trustedName,
    allowExpired,
    branch: options.branch ?? branchOf(remoteConfig) ?? config.get('init.defaultBranch'),
    pusher: { person: currentPerson(context, config, 'COMMITTER'), command: context.commandLine },
    now: context.now(),
    idleTimeoutMs: config.get('network.idleTimeoutMs'),
    opening: openOptions(context),
    onUnreachable: (error) => context.terminal.say(`warning: ${error.message}`),
    signal: context.signal,
  })
  try {
    return await work(warnOfRefused(remote, context.terminal))
  } finally {
    await remote.close()
  }
}

/** The branch that a remote is configured to have, where it is one only. */
function branchOf(config: RemoteConfig | undefined): string | undefined {
  const [only, ...others] = config?.fetch ?? []
  if (only === undefined || others.length > 0 || only.pattern || !only.source.startsWith(BRANCHES)) return undefined
  return only.source.slice(BRANCHES.length)
}
