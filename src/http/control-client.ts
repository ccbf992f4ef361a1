import { request as httpRequest } from 'node:http'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'

import type { AbortOptions } from '../model/block.ts'
import { NotFoundError, UnavailableError } from '../model/errors.ts'
import { type DaemonState, readDaemonState } from '../node/home/daemon-state.ts'
import type { Home } from '../node/home/home.ts'
import { DHT_LABEL } from '../node/network/discovery/discovery.ts'
import type { PeerConnection } from '../node/network/serving-node.ts'
import { fsErrorCode } from '../store/fs-errors.ts'
import type { ByteDuplex } from '../sync/duplex.ts'
import type { Peer } from '../sync/peer.ts'
import {
  CONTROL_PATHS,
  type DaemonStatus,
  PEER_HEADER,
  type PeerList,
  type PingRequest,
  type Pong,
  type ResolvedRecord,
  type ResolveRequest,
  SYNC_UPGRADE,
} from './control-api.ts'
import { isErrorBody, reviveError } from './error-body.ts'
import { socketDuplex } from './socket-duplex.ts'

/**
 * The daemon of a home, as another process reaches it. Every method throws what the daemon threw, as the same class with
 * the same code, and UnavailableError `daemon-gone` where it ended meanwhile.
 */
export interface ControlClient {
  status(options?: AbortOptions): Promise<DaemonStatus>
  /** Asks the daemon to stop; it goes on for a moment to end what it does. */
  stop(options?: AbortOptions): Promise<void>
  peers(options?: AbortOptions): Promise<PeerConnection[]>
  /** Connects the daemon to the peer at an address. */
  connect(peer: string, options?: AbortOptions): Promise<PeerConnection>
  /** Round trips to a peer (an address, or the id of a connected one). */
  ping(peer: string, count: number, options?: AbortOptions): AsyncIterable<Pong>
  /** The records for a name that the peers have which the daemon is connected to. Nothing is verified. */
  resolve(name: string, options?: AbortOptions): AsyncIterable<ResolvedRecord>
  /** A peer (an address, or the id of a connected one) through the daemon, which is the network only. */
  peer(peer: string): Peer
  /** The DHT, where the daemon's profile has it: it knows what names mean. */
  dht: Peer | undefined
}

/** Reaches the daemon of a home; undefined where none runs. */
export async function connectControl(home: Home, options: AbortOptions = {}): Promise<ControlClient | undefined> {
  const state = readDaemonState(home)
  if (state === undefined) return undefined
  const client = createControlClient(state)
  try {
    await client.status(options)
    return client
  } catch (error) {
    if (error instanceof UnavailableError && error.code === 'daemon-gone') return undefined
    throw error
  }
}

function createControlClient({ socket, profile }: DaemonState): ControlClient {
  const ask = async <T>(method: string, path: string, body?: object, options?: AbortOptions): Promise<T> => {
    const text = await Array.fromAsync(send(socket, method, path, body, options))
    return JSON.parse(text.join('\n')) as T
  }
  async function* askLines<T>(path: string, body: object, options?: AbortOptions): AsyncGenerator<T> {
    for await (const line of send(socket, 'POST', path, body, options)) {
      const value: unknown = JSON.parse(line)
      if (isErrorBody(value)) throw reviveError(value)
      yield value as T
    }
  }
  const resolveAt = (peer: string): Peer => ({
    label: peer,
    async resolveName(name, options) {
      const request: ResolveRequest = { name, peer }
      for await (const { record } of askLines<ResolvedRecord>(CONTROL_PATHS.resolve, request, options)) {
        return Buffer.from(record, 'base64')
      }
      return undefined
    },
  })
  return {
    status: (options) => ask('GET', CONTROL_PATHS.status, undefined, options),
    stop: async (options) => {
      await ask('POST', CONTROL_PATHS.stop, {}, options)
    },
    peers: async (options) => (await ask<PeerList>('GET', CONTROL_PATHS.peers, undefined, options)).peers,
    connect: (peer, options) => ask('POST', CONTROL_PATHS.connect, { peer }, options),
    ping: (peer, count, options) => askLines(CONTROL_PATHS.ping, { peer, count } satisfies PingRequest, options),
    resolve: (name, options) => askLines(CONTROL_PATHS.resolve, { name } satisfies ResolveRequest, options),
    peer: (peer) => ({ ...resolveAt(peer), openSync: (options) => openTunnel(socket, peer, options) }),
    dht: profile === 'public' ? resolveAt(DHT_LABEL) : undefined,
  }
}

/** One for each request. A socket in a folder has no server name, which takes Node milliseconds to find out. */
const CONNECTION = { agent: false, servername: '' } as const

/** Sends a request and gives the lines of the answer. */
async function* send(
  socketPath: string,
  method: string,
  path: string,
  body?: object,
  { signal }: AbortOptions = {},
): AsyncGenerator<string> {
  const request = httpRequest({ ...CONNECTION, socketPath, method, path, ...(signal === undefined ? {} : { signal }) })
  try {
    const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).once('error', reject)
      request.end(body === undefined ? undefined : JSON.stringify(body))
    })
    const lines = createInterface({ input: response, crlfDelay: Infinity })
    if (response.statusCode === 200) {
      yield* lines
      return
    }
    throw refusal((await Array.fromAsync(lines)).join('\n'))
  } catch (error) {
    throw explainGone(error, socketPath)
  } finally {
    request.destroy()
  }
}

/** Opens a sync stream through the daemon; undefined where the peer does not speak it. */
async function openTunnel(
  socketPath: string,
  peer: string,
  { signal }: AbortOptions = {},
): Promise<ByteDuplex | undefined> {
  const headers = { connection: 'Upgrade', upgrade: SYNC_UPGRADE, [PEER_HEADER]: peer }
  const request = httpRequest({ ...CONNECTION, socketPath, path: CONTROL_PATHS.sync, headers })
  const hangUp = (): void => void request.destroy()
  signal?.addEventListener('abort', hangUp, { once: true })
  try {
    return await new Promise<ByteDuplex>((resolve, reject) => {
      request.once('upgrade', (_response, socket: Socket, head) => resolve(socketDuplex(socket, head)))
      request.once('response', (response) => {
        Array.fromAsync(response.setEncoding('utf8')).then((text) => reject(refusal(text.join(''))), reject)
      })
      request.once('error', reject)
      request.end()
    })
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof NotFoundError && error.code === 'sync-unsupported') return undefined
    throw explainGone(error, socketPath)
  } finally {
    signal?.removeEventListener('abort', hangUp)
  }
}

function refusal(text: string): Error {
  const body: unknown = JSON.parse(text)
  return isErrorBody(body) ? reviveError(body) : new Error(`the daemon's answer makes no sense: ${text}`)
}

const GONE = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTSOCK'])

function explainGone(error: unknown, socket: string): unknown {
  const code = fsErrorCode(error) ?? (error instanceof Error && 'code' in error ? error.code : undefined)
  if (typeof code !== 'string' || !GONE.has(code)) return error
  return new UnavailableError('daemon-gone', 'the daemon of this node home does not answer', {
    hint: 'start it: `jzfs daemon`',
    cause: error,
    details: { socket },
  })
}
