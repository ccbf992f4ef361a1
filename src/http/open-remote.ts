import { statSync } from 'node:fs'

import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../model/block.ts'
import { parseCidText } from '../model/cid-text.ts'
import { type JzfsError, NotFoundError } from '../model/errors.ts'
import { quoteName } from '../model/quote-name.ts'
import type { Home } from '../node/home/home.ts'
import type { NetworkProfile } from '../node/network/network-profile.ts'
import { createReachedCommits } from '../repo/history/reached-commits.ts'
import { parseRemoteUrl, type RemoteUrl } from '../repo/remote/remote-url.ts'
import type { OpenRepositoryOptions, Repository } from '../repo/repository.ts'
import type { Peer } from '../sync/peer.ts'
import type { FolderPusher } from '../sync/remote/folder-offer.ts'
import { openFolderRemote } from '../sync/remote/folder-remote.ts'
import type { Remote } from '../sync/remote/remote.ts'

export interface OpenRemoteOptions extends AbortOptions {
  home: Home
  /** Where paths begin. */
  directory: string
  /** The repository that is fetched into or pushed from; undefined for a clone. */
  local: Repository | undefined
  /** Addresses of nodes to ask as well (default: for a name or a commit, those that the daemon is connected to). */
  addresses: readonly string[]
  profile: NetworkProfile
  /** Delegated routers, which are asked for names: see `createRouter` (default: none). */
  routerUrls?: readonly string[] | undefined
  /** See `RefsTrust`. */
  trustedName: string | undefined
  allowExpired?: boolean | undefined
  /** What the branch is called where the URL names one branch or one commit. */
  branch: string
  /** Who pushes to a folder. */
  pusher: FolderPusher
  now: Date
  idleTimeoutMs?: number | undefined
  /** How other repositories of this machine are opened. */
  opening?: OpenRepositoryOptions
  /** Told of each address that nobody answers at. */
  onUnreachable?: (error: JzfsError) => void
}

/**
 * Opens what a URL names, whatever it is: `ipns://NAME`, `ipfs://COMMIT`, `/ip4/…/p2p/PEER[/REPOSITORY]`,
 * `http(s)://HOST/REPOSITORY`, a folder, a `.car` bundle. The caller closes it.
 *
 * Throws InvalidError `remote-url-invalid`, NotFoundError `remote-not-found` for a path where nothing is, `not-a-repository`
 * for a folder that is none, IntegrityError `not-a-bundle`, and what `openNetwork` throws.
 */
export async function openRemote(url: string, options: OpenRemoteOptions): Promise<Remote> {
  const parsed = parseRemoteUrl(url, options.directory)
  if (parsed.kind === 'folder' || parsed.kind === 'bundle') return openPath(url, parsed.path, options)
  return openNetworkRemote(url, parsed, options)
}

async function openPath(url: string, path: string, options: OpenRemoteOptions): Promise<Remote> {
  const { local, pusher, opening, signal } = options
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) throw nothingThere(path)
  if (stats.isDirectory()) return openFolderRemote(path, { ...opening, url, pusher })
  const { openBundleRemote } = await import('../sync/bundle/bundle-remote.ts')
  if (local === undefined) return openBundleRemote(path, { url, signal })
  const reached = createReachedCommits(
    local.store,
    (await local.refs.list()).map(({ cid }) => cid),
  )
  return openBundleRemote(path, { url, local: local.store, isHere: (commit) => reached.has(commit), signal })
}

type NetworkUrl = Exclude<RemoteUrl, { kind: 'folder' | 'bundle' }>

async function openNetworkRemote(url: string, parsed: NetworkUrl, options: OpenRemoteOptions): Promise<Remote> {
  const { branch, trustedName } = options
  const { peers, repository, close } = await openPeers(parsed, options)
  if (parsed.kind === 'ipfs') {
    const { createCommitRemote } = await import('../sync/remote/commit-remote.ts')
    return createCommitRemote({ url, cid: commitOf(parsed.cid), branch, peers, close })
  }
  const { openHomeNames } = await import('../node/publish/home-names.ts')
  const trust = {
    names: openHomeNames(options.home, { command: options.pusher.command }),
    now: options.now,
    allowExpired: options.allowExpired,
    idleTimeoutMs: options.idleTimeoutMs,
  }
  if (parsed.kind === 'ipns') {
    const { createNamedRemote } = await import('../sync/remote/named-remote.ts')
    const { parseIpnsName } = await import('../sync/names/ipns-name.ts')
    return createNamedRemote({ url, name: parseIpnsName(parsed.name), branch, peers, close, ...trust })
  }
  const { createPeerRemote } = await import('../sync/remote/peer-remote.ts')
  return createPeerRemote({ url, peers, repository, trustedName, close, ...trust })
}

interface OpenedPeers {
  peers: Peer[]
  /** What the repository is called there. */
  repository: string | undefined
  close(): Promise<void>
}

/** The node that a URL names, first, and those of the options. */
async function openPeers(parsed: NetworkUrl, options: OpenRemoteOptions): Promise<OpenedPeers> {
  const { home, profile, addresses, signal, onUnreachable } = options
  const open = async (all: readonly string[]): Promise<Omit<OpenedPeers, 'repository'>> => {
    const { openNetwork } = await import('./open-network.ts')
    const { peers, dht, unreachable, close } = await openNetwork(home, { addresses: all, profile, signal })
    for (const error of unreachable) onUnreachable?.(error)
    const routers = await openRouters(parsed, options)
    if (parsed.kind === 'ipns' && dht !== undefined) routers.push(dht)
    return { peers: [...peers, ...routers], close }
  }
  if (parsed.kind !== 'http') {
    const own = parsed.kind === 'peer' ? [parsed.address] : []
    const repository = parsed.kind === 'peer' ? parsed.repository : undefined
    return { ...(await open([...own, ...addresses])), repository }
  }
  const { createHttpPeer } = await import('./peer/http-peer.ts')
  const { SELF_KEY } = await import('../node/home/key-store.ts')
  const http = createHttpPeer(parsed.url, { key: home.keys.read(SELF_KEY), profile })
  const others = addresses.length === 0 ? undefined : await open(addresses)
  return {
    peers: [http, ...(others?.peers ?? [])],
    repository: http.repository,
    async close() {
      http.close()
      await others?.close()
    },
  }
}

/** Those who may know what a name means, and nothing more. */
async function openRouters({ kind }: NetworkUrl, { routerUrls = [], profile }: OpenRemoteOptions): Promise<Peer[]> {
  if (kind !== 'ipns' || routerUrls.length === 0) return []
  const { createRouter } = await import('./routing/router.ts')
  return routerUrls.map((each) => createRouter(each, { profile }))
}

/** Whether it is one was seen when the URL was taken apart. */
function commitOf(text: string): CID {
  return parseCidText(text) as CID
}

function nothingThere(path: string): NotFoundError {
  return new NotFoundError('remote-not-found', `there is neither a repository nor a bundle: ${quoteName(path)}`, {
    hint: 'check the path; other places are ipns://NAME, /ip4/…/p2p/PEER/REPOSITORY and https://HOST/REPOSITORY',
    details: { path },
  })
}
