import { JzfsError, UnavailableError } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import { openHomeHere, requireDaemon } from '../network.ts'

/** How long the streams that are open may take to end. */
const STOP_WAIT_MS = 30_000

/**
 * Stops the daemon of this home and waits for its end; its pid. NotFoundError `daemon-not-running`, UnavailableError
 * `daemon-busy` (details: `pid`) where it still runs after half a minute.
 */
export async function stopRunningDaemon(context: Context): Promise<number> {
  const client = await requireDaemon(context)
  const { pid } = await client.status({ signal: context.signal })
  await client.stop({ signal: context.signal })
  await waitForEnd(context, pid)
  return pid
}

/** The daemon's lock is free when all else has ended: whoever starts one next is not refused. */
async function waitForEnd(context: Context, pid: number): Promise<void> {
  const { acquireLock } = await import('../../store/lock/lock.ts')
  const { daemonLock } = openHomeHere(context).layout
  const { commandLine: command, signal } = context
  try {
    const lock = await acquireLock(daemonLock, { command, waitMs: STOP_WAIT_MS, signal })
    lock.release()
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code !== 'locked') throw error
    throw new UnavailableError('daemon-busy', `the daemon still runs after ${STOP_WAIT_MS / 1000} s (pid ${pid})`, {
      hint: `it ends by itself when it can; else: kill ${pid}, and at last: kill -9 ${pid}`,
      details: { pid },
    })
  }
}
