import { parseRefspec } from '../../repo/remote/refspec.ts'
import type { RemoteConfig } from '../../repo/remote/remote-config.ts'
import { upstreamOf } from '../../repo/remote/upstream.ts'
import type { Repository } from '../../repo/repository.ts'
import type { FetchRequest, FetchResult } from '../../sync/remote/fetch-remote.ts'
import type { Remote } from '../../sync/remote/remote.ts'
import type { Context } from '../context.ts'
import { withTransferProgress } from '../transfer-progress.ts'
import { type ChosenRemote, withRemote } from './open-remote-here.ts'
import { refAuthor } from './ref-author.ts'

/** The options of `fetch` that say what is fetched, and how. */
export interface FetchFlags {
  tags?: boolean
  prune?: boolean
  pruneTags?: true
  force?: true
  dryRun?: true
  peer?: string[]
  allowExpired?: true
}

/** Fetches from a remote as the options of a command line say. */
export async function fetchHere(
  context: Context,
  repository: Repository,
  { config, url }: ChosenRemote,
  { refspecs, flags }: { refspecs: readonly string[]; flags: FetchFlags },
): Promise<FetchResult> {
  const { fetchRemote } = await import('../../sync/remote/fetch-remote.ts')
  const { TAG_REFSPEC } = await import('../../sync/remote/select-refs.ts')
  const { peer: peers = [], allowExpired } = flags
  const upstream = await upstreamRef(repository, config)
  const asked = { url, config, local: repository, peers, allowExpired }
  const fetchFrom = (remote: Remote, onProgress: FetchRequest['onProgress']): Promise<FetchResult> =>
    fetchRemote({
      repository,
      remote,
      remoteName: config?.name,
      refspecs: refspecs.map((text) => parseRefspec(text, 'fetch')),
      configured: config?.fetch ?? [],
      tags: tagsOf(repository, config, flags),
      upstream,
      prune: flags.prune ?? config?.prune ?? false,
      alsoPruned: flags.pruneTags === true ? [TAG_REFSPEC] : [],
      force: flags.force === true,
      isDryRun: flags.dryRun === true,
      ...refAuthor(context, repository),
      idleTimeoutMs: repository.config.get('network.idleTimeoutMs'),
      signal: context.signal,
      onProgress,
    })
  return withTransferProgress(context, (onProgress) =>
    withRemote(context, asked, (remote) => fetchFrom(remote, onProgress)),
  )
}

function tagsOf(
  repository: Repository,
  config: RemoteConfig | undefined,
  { tags }: FetchFlags,
): 'follow' | 'all' | 'none' {
  if (tags !== undefined) return tags ? 'all' : 'none'
  return (config && repository.config.get(`remote.${config.name}.tags`)) ?? 'follow'
}

/** The ref of the remote that the current branch follows. */
async function upstreamRef(repository: Repository, config: RemoteConfig | undefined): Promise<string | undefined> {
  const head = await repository.refs.head()
  const upstream = 'branch' in head ? upstreamOf(repository, head.branch) : undefined
  return config !== undefined && upstream?.remote === config.name ? upstream.ref : undefined
}
