import { once } from 'node:events'

import type { Daemon } from '../node/daemon.ts'
import type { Home } from '../node/home/home.ts'
import { type Config, openConfig } from '../repo/config/config.ts'
import type { Context } from './context.ts'
import { configSources } from './here.ts'
import { userConfigFile } from './home.ts'
import { VERSION } from './version.ts'

/** How the daemon is started, where that is not as configured. */
export interface ServeFlags {
  port?: number | undefined
  /** The TCP port of the HTTP listener. */
  httpPort?: number | undefined
  /** As `log.format`. */
  logFormat?: 'auto' | 'json' | 'pretty' | undefined
}

/**
 * Starts the daemon of a home in this process, with its log. Throws InvalidError `config-invalid` where anything in the
 * user's configuration is wrong, and what `runDaemon` throws.
 */
export async function startDaemonHere(context: Context, home: Home, flags: ServeFlags = {}): Promise<Daemon> {
  const [{ runDaemon }, { openDaemonLog }, { refuseInvalidConfig }] = await Promise.all([
    import('../http/run-daemon.ts'),
    import('./log/daemon-log.ts'),
    import('../repo/config/check-config.ts'),
  ])
  refuseInvalidConfig({ path: userConfigFile(context), scope: 'user' })
  const config = openConfig(configSources(context))
  const show = shownLog(context, flags.logFormat ?? config.get('log.format'))
  const log = openDaemonLog({
    path: home.layout.log,
    level: config.get('log.level'),
    maxBytes: config.get('log.maxSize'),
    maxFiles: config.get('log.maxFiles'),
    show,
  })
  const port = flags.port ?? config.get('network.port')
  const httpPort = flags.httpPort ?? config.get('http.port')
  try {
    const daemon = await runDaemon({
      home,
      version: VERSION,
      command: context.commandLine,
      profile: config.get('network.profile'),
      bootstrap: config.get('network.bootstrap'),
      ...(port === undefined ? {} : { port }),
      httpPort,
      httpHosts: config.get('http.hosts'),
      httpMetrics: config.get('http.metrics'),
      now: context.now,
      log,
      limits: peerLimits(config),
      followIntervalMs: config.get('follow.intervalMs'),
      routerUrls: config.get('routing.urls'),
      // Where the log is shown it says so too.
      onProblem: (error) => show ?? context.terminal.say(`warning: ${error.message}`),
    })
    void daemon.stopped.then(log.close)
    return daemon
  } catch (error) {
    log.close()
    throw error
  }
}

function shownLog({ terminal }: Context, format: 'auto' | 'json' | 'pretty') {
  if (format === 'auto' && !terminal.showsProgress) return undefined
  return {
    format: format === 'json' ? format : ('pretty' as const),
    color: terminal.color,
    write: (text: string) => terminal.say(text.trimEnd()),
  }
}

function peerLimits(config: Config) {
  return {
    maxConnections: config.get('network.maxConnections'),
    maxConnectionsPerHost: config.get('network.maxConnectionsPerHost'),
    maxConnectionsPerPeer: config.get('network.maxConnectionsPerPeer'),
    maxSyncStreams: config.get('network.maxSyncStreams'),
    maxSyncStreamsPerHost: config.get('network.maxSyncStreamsPerHost'),
    maxSyncStreamsPerPeer: config.get('network.maxSyncStreamsPerPeer'),
    maxBytesPerSecond: config.get('network.maxBytesPerSecond'),
    maxBytesPerSecondPerPeer: config.get('network.maxBytesPerSecondPerPeer'),
    idleTimeoutMs: config.get('network.idleTimeoutMs'),
    maxExchangeMs: config.get('network.maxExchangeMs'),
    maxPushBytes: config.get('network.maxPushBytes'),
  }
}

/** Waits until the user ends the program, or somebody stops the daemon; then ends it in order. */
export async function serveUntilStopped(
  context: Context,
  daemon: Daemon,
  { quiet = false }: { quiet?: boolean } = {},
): Promise<void> {
  const { signal } = context
  if (!signal.aborted) await Promise.race([once(signal, 'abort'), daemon.stopped])
  await daemon.stop()
  if (!quiet) context.terminal.say('Stopped.')
}
