import type { AbortOptions } from '../model/block.ts'
import { InvalidError } from '../model/errors.ts'
import type { Daemon } from '../node/daemon.ts'
import { DHT_LABEL } from '../node/network/discovery/discovery.ts'
import { listPinProblems } from '../node/pins/pin-notes.ts'
import { CONTROL_PATHS, type DaemonStatus, type PeerList, type Pong, type ResolvedRecord } from './control-api.ts'

type Fields = Record<string, unknown>

/** What answers a request: one JSON value, or JSON lines. */
type Route = (daemon: Daemon, body: Fields, options: AbortOptions) => Promise<object> | AsyncIterable<object>

/** Every request that the control API knows, by method and path. */
export const CONTROL_ROUTES: Record<string, Route | undefined> = {
  [`GET ${CONTROL_PATHS.status}`]: statusOf,
  [`POST ${CONTROL_PATHS.stop}`]: async (daemon) => {
    // The answer goes out first.
    setImmediate(() => void daemon.stop())
    return {}
  },
  [`GET ${CONTROL_PATHS.peers}`]: async ({ node }): Promise<PeerList> => ({ peers: node.connections() }),
  [`POST ${CONTROL_PATHS.connect}`]: ({ node }, body, options) => node.connect(textOf(body, 'peer'), options),
  [`POST ${CONTROL_PATHS.ping}`]: pings,
  [`POST ${CONTROL_PATHS.resolve}`]: records,
}

async function statusOf({ home, node, state, served, activity }: Daemon): Promise<DaemonStatus> {
  const { names, pins, problems } = await served.list()
  return {
    ...state,
    uptimeSeconds: Math.floor(process.uptime()),
    home: home.layout.directory,
    log: home.layout.log,
    connections: node.connections().length,
    streams: node.streams().reduce((sum, { count }) => sum + count, 0),
    bytes: node.traffic.total,
    served: activity.totals,
    memoryBytes: process.memoryUsage.rss(),
    names: [...names, ...pins],
    problems: [
      ...problems.map(({ name, error: { code, message } }) => ({ name, code, message })),
      ...listPinProblems(home),
    ],
  }
}

const MAX_PINGS = 1000

async function* pings({ node }: Daemon, body: Fields, options: AbortOptions): AsyncGenerator<Pong> {
  const peer = node.peer(textOf(body, 'peer'))
  const count = body['count'] ?? 1
  if (typeof count !== 'number' || !(count >= 1 && count <= MAX_PINGS)) throw invalidField('count')
  for (let sent = 0; sent < count; sent++) yield { ms: await peer.ping(options) }
}

/** The records for a name of one peer, or of all that are connected; those that do not answer are passed over. */
async function* records(
  { node, activity }: Daemon,
  body: Fields,
  options: AbortOptions,
): AsyncGenerator<ResolvedRecord> {
  const name = textOf(body, 'name')
  if (body['peer'] !== undefined) {
    const peer = textOf(body, 'peer')
    const source = peer === DHT_LABEL && node.dht !== undefined ? node.dht : node.peer(peer)
    const record = await source.resolveName(name, options)
    if (record !== undefined) yield { peer, record: Buffer.from(record).toString('base64') }
    return
  }
  const asked = [...new Set(node.connections().map(({ peerId }) => peerId))].map(async (peer) => {
    const record = await node.peer(peer).resolveName(name, options)
    return record === undefined ? [] : [{ peer, record: Buffer.from(record).toString('base64') }]
  })
  const answers = (await Promise.allSettled(asked)).flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  activity.log.info({ name, asked: asked.length, found: answers.length }, 'name resolved')
  yield* answers
}

function textOf(body: Fields, field: string): string {
  const value = body[field]
  if (typeof value !== 'string') throw invalidField(field)
  return value
}

function invalidField(field: string): InvalidError {
  return new InvalidError('request-invalid', `the request to the daemon has no valid "${field}"`)
}
