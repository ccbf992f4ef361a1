import type { Daemon, DaemonOptions } from '../node/daemon.ts'
import { keepYoungGenerationSmall } from '../node/network/young-generation.ts'

/**
 * Starts the daemon of a home and its control socket; `stop` ends both. It is this process's main work from now on: see
 * `keepYoungGenerationSmall`. Throws what `startDaemon` throws.
 */
export async function runDaemon(options: DaemonOptions): Promise<Daemon> {
  keepYoungGenerationSmall()
  const [{ startDaemon }, { startControlServer }] = await Promise.all([
    import('../node/daemon.ts'),
    import('./control-server.ts'),
  ])
  return startDaemon(options, startControlServer)
}
