import type { ControlClient } from '../http/control-client.ts'
import type { Carriers } from '../http/open-carriers.ts'
import { parseCidText } from '../model/cid-text.ts'
import { domainRefused } from '../model/dnslink.ts'
import { InvalidError, NotFoundError, UnavailableError } from '../model/errors.ts'
import { openHome, type Home } from '../node/home/home.ts'
import { openConfig } from '../repo/config/config.ts'
import type { RemoteSource } from '../sync/names/remote-head.ts'
import type { Peer } from '../sync/peer.ts'
import type { Context } from './context.ts'
import { configSources } from './here.ts'
import { homeDirectory } from './home.ts'

/** The node home of the user. */
export function openHomeHere(context: Context): Home {
  const runtime = context.env['XDG_RUNTIME_DIR'] ?? ''
  return openHome(homeDirectory(context), runtime === '' ? {} : { runtimeDirectory: runtime })
}

/** How far the user's configuration lets the node reach. */
export function networkProfile(context: Context) {
  return openConfig(configSources(context)).get('network.profile')
}

/** The daemon of this home. NotFoundError `daemon-not-running`, UnavailableError `daemon-silent` where it does not answer. */
export async function requireDaemon(context: Context): Promise<ControlClient> {
  const home = openHomeHere(context)
  const client = await findDaemon(context, home)
  if (client !== undefined) return client
  throw new NotFoundError('daemon-not-running', `no daemon runs for this node home: ${home.layout.directory}`, {
    hint: 'start it with `jzfs daemon`',
    details: { home: home.layout.directory },
  })
}

/** How long a daemon may take to say that it is there, in milliseconds. */
const ANSWER_WAIT_MS = 10_000

/** The daemon of a home, where one runs. UnavailableError `daemon-silent` (details: `pid`) where it does not answer. */
export async function findDaemon({ signal }: Context, home: Home): Promise<ControlClient | undefined> {
  const { connectControl } = await import('../http/control-client.ts')
  const late = AbortSignal.timeout(ANSWER_WAIT_MS)
  try {
    return await connectControl(home, { signal: AbortSignal.any([signal, late]) })
  } catch (error) {
    if (signal.aborted || !late.aborted) throw error
    const { readDaemonState } = await import('../node/home/daemon-state.ts')
    const pid = readDaemonState(home)?.pid
    throw new UnavailableError('daemon-silent', `the daemon does not answer (pid ${pid})`, {
      hint: `end it: kill ${pid}; and if it is there after a minute: kill -9 ${pid}`,
      details: { pid },
    })
  }
}

/** The delegated routers of the user's configuration. */
export function routerUrls(context: Context): readonly string[] {
  return openConfig(configSources(context)).get('routing.urls') ?? []
}

/** Who may have records of this home's names, and be given them. Nothing is dialled. */
export async function openCarriersHere(context: Context, home: Home): Promise<Carriers> {
  const { openCarriers } = await import('../http/open-carriers.ts')
  const routers = routerUrls(context)
  return openCarriers(home, { routers, profile: networkProfile(context), signal: context.signal })
}

/** Runs `work` with the peers at these addresses (none: this node, those its daemon is connected to, routers, and its DHT). */
export async function withPeers<Result>(
  context: Context,
  home: Home,
  addresses: readonly string[],
  work: (peers: Peer[]) => Promise<Result>,
): Promise<Result> {
  const { openNetwork } = await import('../http/open-network.ts')
  const network = await openNetwork(home, { addresses, profile: networkProfile(context), signal: context.signal })
  for (const error of network.unreachable) context.terminal.say(`warning: ${error.message}`)
  try {
    const routers = addresses.length > 0 ? [] : await openRouters(context)
    const dht = network.dht === undefined ? [] : [network.dht]
    return await work([...network.peers, ...routers, ...dht])
  } finally {
    await network.close()
  }
}

async function openRouters(context: Context): Promise<Peer[]> {
  const urls = routerUrls(context)
  if (urls.length === 0) return []
  const { createRouter } = await import('../http/routing/router.ts')
  return urls.map((url) => createRouter(url, { profile: networkProfile(context) }))
}

/**
 * Reads what a dataset is called by: `ipns://NAME`, `/ipns/NAME`, NAME, `ipfs://CID`, `/ipfs/CID`, CID. InvalidError
 * `source-invalid`, `dnslink-unsupported`, and `cid-unsupported` for a CID that no dataset has.
 */
export async function readSource(text: string): Promise<RemoteSource> {
  const [, scheme, rest = ''] = /^(?:\/?(ipns|ipfs)(?::\/)?\/)?(.*)$/s.exec(text) ?? []
  const refused = scheme === 'ipns' ? domainRefused(text) : undefined
  if (refused !== undefined) throw refused
  const name = scheme === 'ipfs' ? undefined : await readName(rest)
  // A bare `Qm…` may be a key or a version 0 CID: that of a key is written ipns://Qm….
  const isName = name !== undefined && (scheme === 'ipns' || !rest.startsWith('Qm'))
  if (isName) return { name }
  const cid = scheme === 'ipns' ? undefined : parseCidText(rest)
  if (cid !== undefined) return { cid }
  throw new InvalidError('source-invalid', `this is neither an IPNS name nor a CID: ${text}`, {
    hint: 'write ipns://NAME or ipfs://CID',
    details: { source: text },
  })
}

async function readName(text: string): Promise<string | undefined> {
  const { parseIpnsName } = await import('../sync/names/ipns-name.ts')
  try {
    return parseIpnsName(text)
  } catch (error) {
    if (error instanceof InvalidError) return undefined
    throw error
  }
}
