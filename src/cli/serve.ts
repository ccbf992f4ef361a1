import { once } from 'node:events'

import type { Daemon } from '../node/daemon.ts'
import type { Home } from '../node/home/home.ts'
import type { Context } from './context.ts'
import { networkProfile } from './network.ts'
import { VERSION } from './version.ts'

/** Starts the daemon of a home in this process. */
export async function startDaemonHere(context: Context, home: Home, port?: number): Promise<Daemon> {
  const { runDaemon } = await import('../http/run-daemon.ts')
  return runDaemon({
    home,
    version: VERSION,
    command: context.commandLine,
    profile: networkProfile(context),
    ...(port === undefined ? {} : { port }),
    now: context.now,
    onProblem: (error) => context.terminal.say(`warning: ${error.message}`),
  })
}

/** Waits until the user ends the program, or somebody stops the daemon; then ends it in order. */
export async function serveUntilStopped(context: Context, daemon: Daemon): Promise<void> {
  const { signal } = context
  if (!signal.aborted) await Promise.race([once(signal, 'abort'), daemon.stopped])
  await daemon.stop()
  context.terminal.say('Stopped.')
}
