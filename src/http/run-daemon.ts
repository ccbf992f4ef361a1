import type { Daemon, DaemonOptions, StartControl } from '../node/daemon.ts'
import { letHeapGrow } from '../sync/protocol/heap-growth.ts'
import type { MetricsAccess } from './listener/metrics-access.ts'
import { createRouter } from './routing/router.ts'

/** How a daemon is started, with all that it listens on. */
export interface RunDaemonOptions extends DaemonOptions {
  /** The TCP port of the HTTP listener, 0 for any (default: it does not listen for HTTP). */
  httpPort?: number | undefined
  /** See `HttpListenerOptions.hosts`. */
  httpHosts?: readonly string[] | undefined
  /** See `HttpListenerOptions.metrics`. */
  httpMetrics?: MetricsAccess | undefined
  /** Base URLs of delegated routers: see `createRouter` (default: none). */
  routerUrls?: readonly string[] | undefined
}

/**
 * Starts the daemon of a home, its control socket and its HTTP listener; `stop` ends all. It is this process's main work
 * from now on: see `letHeapGrow`. Throws what `startDaemon` and `startHttpListener` throw.
 */
export async function runDaemon({
  httpPort,
  httpHosts = [],
  httpMetrics,
  routerUrls = [],
  ...given
}: RunDaemonOptions): Promise<Daemon> {
  const [{ startDaemon }, { startControlServer }] = await Promise.all([
    import('../node/daemon.ts'),
    import('./control-server.ts'),
  ])
  letHeapGrow()
  const { profile } = given
  const startControl: StartControl = async (daemon, socket) => {
    if (httpPort === undefined) return startControlServer(daemon, socket)
    const { startHttpListener } = await import('./listener/http-listener.ts')
    const http = await startHttpListener(daemon, {
      port: httpPort,
      hosts: httpHosts,
      metrics: httpMetrics,
      maxConnectionsPerHost: given.limits?.maxConnectionsPerHost,
    })
    daemon.state.http = http.url
    try {
      const control = await startControlServer(daemon, socket)
      return { close: async () => void (await Promise.all([control.close(), http.close()])) }
    } catch (error) {
      await http.close()
      throw error
    }
  }
  const routers = routerUrls.map((url) => createRouter(url, profile === undefined ? {} : { profile }))
  return startDaemon({ ...given, routers }, startControl)
}
