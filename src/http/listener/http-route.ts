import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Daemon } from '../../node/daemon.ts'
import type { Challenges } from './challenges.ts'
import type { MetricsAccess } from './metrics-access.ts'

/** One request to the daemon's HTTP listener, while it is answered. */
export interface HttpExchange {
  daemon: Daemon
  challenges: Challenges
  /** Host and port of the URLs by which this server is reached, as they are signed. */
  authorities: readonly string[]
  /** To whom `/metrics` is told. */
  metrics: MetricsAccess
  request: IncomingMessage
  response: ServerResponse
  /** The path, without query, as it was sent. */
  path: string
  /** Aborts when the asker hangs up. */
  signal: AbortSignal
}

/**
 * What answers some requests of the HTTP listener, in `HTTP_ROUTES`: resolves to false for those that it leaves to
 * others. A JzfsError that it throws is answered by the status of its family.
 */
export type HttpRoute = (exchange: HttpExchange) => Promise<boolean>
