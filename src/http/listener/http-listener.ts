import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { ConflictError, NotFoundError } from '../../model/errors.ts'
import type { Daemon } from '../../node/daemon.ts'
import { DEFAULT_PEER_LIMITS } from '../../node/network/peer-limits.ts'
import { CHALLENGE_HEADER } from '../asker-signature.ts'
import { errorBody, FAMILY_STATUS, messageForOthers } from '../error-body.ts'
import { createChallenges } from './challenges.ts'
import { limitHosts } from './host-limit.ts'
import type { HttpExchange } from './http-route.ts'
import { HTTP_ROUTES } from './http-routes.ts'
import type { MetricsAccess } from './metrics-access.ts'
import { isTransfer } from './sync-route.ts'

/** The daemon's HTTP listener. */
export interface HttpListener {
  /** `http://127.0.0.1:8080`. */
  url: string
  /** Ends all requests, and listens no more. */
  close(): Promise<void>
}

/** How it listens. */
export interface HttpListenerOptions {
  /** The TCP port; 0 is any that is free. */
  port: number
  /** Hosts (`data.example.org`, with a port where it is not the usual one) of the URLs by which a proxy gives it to others. */
  hosts?: readonly string[]
  /** To whom `/metrics` is told (default: `loopback`). */
  metrics?: MetricsAccess | undefined
  /** Connections at a time (default 1024). */
  maxConnections?: number
  /** Of these, from one IP address (default: that of DEFAULT_PEER_LIMITS). */
  maxConnectionsPerHost?: number | undefined
}

/** How long the head of a request may take, and an idle connection is kept, in milliseconds. */
const HEADERS_TIMEOUT_MS = 10_000
const KEEP_ALIVE_MS = 30_000

/** How long nothing at all may come or go while a request is answered: to publish what was pushed takes a while. */
const SILENCE_MS = 330_000

/** How long a request may take that is no transfer, in milliseconds. */
const SHORT_REQUEST_MS = 30_000

/**
 * Listens for HTTP, on this machine only, whatever the network profile: to give it to others is a proxy's work, which has a
 * certificate. Answers what `HTTP_ROUTES` knows. Throws ConflictError `port-taken` (details: `port`).
 */
export async function startHttpListener(daemon: Daemon, options: HttpListenerOptions): Promise<HttpListener> {
  const { port, hosts = [], metrics = 'loopback', maxConnections = 1024 } = options
  const { maxConnectionsPerHost = DEFAULT_PEER_LIMITS.maxConnectionsPerHost } = options
  const challenges = createChallenges()
  const authorities = hosts.map((host) => host.toLowerCase())
  const server = createServer((request, response) => {
    answer({ daemon, challenges, authorities, metrics, request, response }).catch((error: unknown) =>
      fail(response, error),
    )
  })
  server.maxConnections = maxConnections
  limitHosts(server, maxConnectionsPerHost, (refused) => daemon.activity.refusedConnection('host', refused))
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.keepAliveTimeout = KEEP_ALIVE_MS
  // A push takes as long as it takes: each piece of it has its own time.
  server.requestTimeout = 0
  server.timeout = SILENCE_MS
  await listen(server, port)
  const listening = (server.address() as AddressInfo).port
  authorities.push(...OWN_HOSTS.map((host) => `${host}:${listening}`))
  return {
    url: `http://${HOST}:${listening}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

const HOST = '127.0.0.1'

/** What this machine calls itself in URLs. */
const OWN_HOSTS = [HOST, 'localhost']

async function listen(server: Server, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, HOST, resolve)
    })
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') throw error
    throw new ConflictError('port-taken', `another program listens on port ${port}`, {
      hint: 'choose another port, or 0 for any',
      cause: error,
      details: { port },
    })
  }
}

async function answer(asked: Omit<HttpExchange, 'path' | 'signal'>): Promise<void> {
  const { challenges, request, response } = asked
  const hungUp = new AbortController()
  const [path = '/'] = (request.url ?? '/').split('?')
  const timer = isTransfer(path) ? undefined : setTimeout(() => response.destroy(), SHORT_REQUEST_MS)
  response.once('close', () => {
    clearTimeout(timer)
    if (!response.writableFinished) hungUp.abort()
  })
  const exchange: HttpExchange = { ...asked, path, signal: hungUp.signal }
  if (request.headers.authorization !== undefined) response.setHeader(CHALLENGE_HEADER, challenges.give())
  for (const route of HTTP_ROUTES) {
    if (await route(exchange)) return
  }
  throw new NotFoundError('route-unknown', `there is nothing at ${path}`)
}

/** Says what went wrong. Paths and programs of this machine are nobody's business. */
function fail(response: ServerResponse, error: unknown): void {
  const { error: problem } = errorBody(error)
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const { family, code } = problem
  const message = messageForOthers(error)
  const hint = message === problem.message ? problem.hint : undefined
  // What is still to come of the request is not waited for.
  response.writeHead(FAMILY_STATUS[family], { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify({ error: { family, code, message, hint } }))
}
