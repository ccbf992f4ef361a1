import { chmodSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

import { InvalidError, NotFoundError } from '../model/errors.ts'
import type { Daemon } from '../node/daemon.ts'
import { removeSocket } from '../node/home/daemon-state.ts'
import { explainFsError } from '../store/fs-errors.ts'
import { PEER_HEADER, SYNC_UPGRADE } from './control-api.ts'
import { CONTROL_ROUTES } from './control-routes.ts'
import { errorBody, FAMILY_STATUS } from './error-body.ts'
import { countDuplex, joinDuplexes } from './join-duplexes.ts'
import { SERVICE_ROUTES } from './service/service-routes.ts'
import { socketDuplex } from './socket-duplex.ts'

/** The daemon's control socket, listening. */
export interface ControlServer {
  /** Ends all requests and takes the socket away. */
  close(): Promise<void>
}

/** Bytes of a request's body. */
const MAX_BODY_BYTES = 1_048_576

/** Listens on the control socket at `path` (0600) for a daemon, which holds its lock: a socket that is there is dead. */
export async function startControlServer(daemon: Daemon, path: string): Promise<ControlServer> {
  const server = createServer((request, response) => {
    answer(daemon, request, response).catch((error: unknown) => fail(response, error))
  })
  const tunnels = new Set<Duplex>()
  server.on('upgrade', (request, socket, head) => {
    tunnels.add(socket)
    socket.once('close', () => tunnels.delete(socket))
    tunnel(daemon, request, socket, head).catch((error: unknown) => refuseUpgrade(socket, error))
  })
  await listen(server, path)
  return {
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      // The server waits for those that were upgraded, and counts them no more.
      for (const socket of tunnels) socket.destroy()
      await closed
      removeSocket(path)
    },
  }
}

async function listen(server: Server, path: string): Promise<void> {
  try {
    removeSocket(path)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    // Its folder is this user's alone, so nobody came in between.
    chmodSync(path, 0o600)
  } catch (error) {
    throw explainFsError(error, path)
  }
}

async function answer(daemon: Daemon, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const service = SERVICE_ROUTES[`${request.method} ${request.url}`]
  if (service !== undefined) {
    const { status, contentType, body } = await service(daemon)
    response.writeHead(status, { 'content-type': contentType }).end(body)
    return
  }
  const route = CONTROL_ROUTES[`${request.method} ${request.url}`]
  if (route === undefined) {
    throw new NotFoundError('route-unknown', `the daemon does not know ${request.method} ${request.url}`, {
      hint: 'stop the daemon and start it again: it may be of an older version',
    })
  }
  const hungUp = new AbortController()
  response.once('close', () => hungUp.abort())
  const result = await route(daemon, await readBody(request), { signal: hungUp.signal })
  if (typeof result === 'object' && Symbol.asyncIterator in result) await sendLines(response, result)
  else sendJson(response, 200, result)
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > MAX_BODY_BYTES) throw new InvalidError('request-too-large', 'the request to the daemon is too large')
    pieces.push(piece)
  }
  if (size === 0) return {}
  try {
    const body: unknown = JSON.parse(Buffer.concat(pieces).toString())
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  } catch {
    // The same as any other text that is no object.
  }
  throw new InvalidError('request-invalid', 'the request to the daemon is no JSON object')
}

async function sendLines(response: ServerResponse, lines: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const line of lines) {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      response.write(`${JSON.stringify(line)}\n`)
    }
  } catch (error) {
    if (!response.headersSent) throw error
    response.write(`${JSON.stringify(errorBody(error))}\n`)
  }
  response.end()
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

function fail(response: ServerResponse, error: unknown): void {
  const body = errorBody(error)
  if (response.headersSent) response.destroy()
  else sendJson(response, FAMILY_STATUS[body.error.family], body)
}

/** Opens a sync stream to a peer and carries its bytes: the process at the other end of the socket verifies them. */
async function tunnel(daemon: Daemon, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const hungUp = new AbortController()
  const hangUp = (): void => hungUp.abort()
  socket.on('error', hangUp).once('close', hangUp)
  const peer = request.headers[PEER_HEADER]
  if (request.headers.upgrade !== SYNC_UPGRADE || typeof peer !== 'string') {
    throw new InvalidError('request-invalid', 'the daemon only upgrades to a sync stream')
  }
  const stream = await daemon.node.peer(peer).openSync?.({ signal: hungUp.signal })
  if (stream === undefined) {
    throw new NotFoundError('sync-unsupported', `the peer does not speak jzfs: ${peer}`)
  }
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${SYNC_UPGRADE}\r\n\r\n`)
  const carried = countDuplex(stream)
  const startedAt = performance.now()
  await joinDuplexes(socketDuplex(socket, head), carried)
  daemon.activity.carriedStream(peer, carried.counts, performance.now() - startedAt)
}

function refuseUpgrade(socket: Duplex, error: unknown): void {
  const body = errorBody(error)
  const text = JSON.stringify(body)
  const head = `HTTP/1.1 ${FAMILY_STATUS[body.error.family]} Refused\r\nConnection: close\r\n`
  socket.end(`${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
}
