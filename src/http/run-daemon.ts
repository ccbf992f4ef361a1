import { type Daemon, type DaemonOptions, startDaemon } from '../node/daemon.ts'
import { startControlServer } from './control-server.ts'

/** Starts the daemon of a home and its control socket; `stop` ends both. Throws what `startDaemon` throws. */
export function runDaemon(options: DaemonOptions): Promise<Daemon> {
  return startDaemon(options, startControlServer)
}
