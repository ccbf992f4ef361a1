import { InvalidError, NotFoundError } from '../../model/errors.ts'
import { CHALLENGE_PATH, type GivenChallenge } from '../asker-signature.ts'
import { createDaemonRouting } from '../routing/daemon-routing.ts'
import { SERVICE_ROUTES } from '../service/service-routes.ts'
import type { HttpRoute } from './http-route.ts'
import { mayHaveMetrics } from './metrics-access.ts'
import { answerSync } from './sync-route.ts'

/** Everything that the daemon's HTTP listener answers: each is asked in turn until one does. */
export const HTTP_ROUTES: readonly HttpRoute[] = [
  refuseWebPages,
  answerChallenge,
  answerService,
  answerRouting,
  answerSync,
]

/**
 * A page of any site can ask what listens on this machine, where it lets its own name lead there. Only delegated routing is
 * for pages too.
 */
async function refuseWebPages({ request, path }: Parameters<HttpRoute>[0]): Promise<boolean> {
  if (request.headers.origin === undefined || path.startsWith('/routing/v1/')) return false
  throw new InvalidError('origin-refused', 'this is not for web pages')
}

async function answerChallenge({
  daemon,
  challenges,
  request,
  response,
  path,
}: Parameters<HttpRoute>[0]): Promise<boolean> {
  if (request.method !== 'GET' || path !== CHALLENGE_PATH) return false
  const given: GivenChallenge = { challenge: challenges.give(), peerId: daemon.node.peerId }
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(given))
  return true
}

async function answerService(exchange: Parameters<HttpRoute>[0]): Promise<boolean> {
  const { daemon, metrics, request, response, path } = exchange
  const route = SERVICE_ROUTES[`${request.method} ${path}`]
  if (route === undefined) return false
  if (path === '/metrics' && !mayHaveMetrics(metrics, request)) {
    throw new NotFoundError('metrics-refused', 'metrics are not told to whoever asks', {
      hint: 'its owner can say to whom: `jzfs config --user http.metrics all`',
    })
  }
  const { status, contentType, body } = await route(daemon)
  response.writeHead(status, { 'content-type': contentType })
  response.end(body)
  return true
}

async function answerRouting({ daemon, request, response }: Parameters<HttpRoute>[0]): Promise<boolean> {
  return createDaemonRouting(daemon, { command: daemon.command, now: daemon.now })(request, response)
}
