import type { Daemon, DaemonOptions } from '../node/daemon.ts'
import { keepYoungGenerationSmall } from '../node/network/young-generation.ts'
import { createRouter } from './routing/router.ts'

/** How a daemon is started, with all that it speaks to. */
export interface RunDaemonOptions extends DaemonOptions {
  /** Base URLs of delegated routers: see `createRouter` (default: none). */
  routerUrls?: readonly string[] | undefined
}

/**
 * Starts the daemon of a home and its control socket; `stop` ends both. It is this process's main work from now on: see
 * `keepYoungGenerationSmall`. Throws what `startDaemon` throws.
 */
export async function runDaemon({ routerUrls = [], ...given }: RunDaemonOptions): Promise<Daemon> {
  keepYoungGenerationSmall()
  const [{ startDaemon }, { startControlServer }] = await Promise.all([
    import('../node/daemon.ts'),
    import('./control-server.ts'),
  ])
  const { profile } = given
  const routers = routerUrls.map((url) => createRouter(url, profile === undefined ? {} : { profile }))
  return startDaemon({ ...given, routers }, startControlServer)
}
