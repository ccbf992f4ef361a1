import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import type { DaemonStatus } from '../../http/control-api.ts'
import { connectControl } from '../../http/control-client.ts'
import { ConflictError, UnavailableError } from '../../model/errors.ts'
import { readLogSince } from '../../node/log/read-log.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { Context } from '../context.ts'
import { homeDirectory } from '../home.ts'
import { prettyLine } from '../log/pretty-line.ts'
import { findDaemon, openHomeHere } from '../network.ts'

/** How long a daemon may take until it is ready, in milliseconds. */
const READY_WAIT_MS = 60_000

/** How often it is looked whether it is ready, in milliseconds. */
const LOOK_MS = 25

/** Lines of the log that are shown where it did not start. */
const SHOWN_LINES = 8

/**
 * Starts the daemon of this home as a process of its own, with these options, and waits until it is ready. It outlives the
 * terminal: it has its own session, nothing on standard input, stands in the root folder, and both its outputs go to the
 * log.
 *
 * Throws ConflictError `daemon-running`, UnavailableError `daemon-not-started` (details: `log`, the last lines), and
 * `daemon-not-ready` where it still starts after a minute.
 */
export async function startDetached(context: Context, options: string[]): Promise<DaemonStatus> {
  const home = openHomeHere(context)
  const running = await (await findDaemon(context, home))?.status({ signal: context.signal })
  if (running !== undefined) {
    throw new ConflictError(
      'daemon-running',
      `a daemon runs for this node home already (pid ${running.pid}): ${running.home}`,
      {
        hint: 'use it, or start it anew: `jzfs daemon restart`',
        details: { pid: running.pid, home: running.home },
      },
    )
  }
  const { log } = home.layout
  const position = statSync(log, { throwIfNoEntry: false })?.size ?? 0
  const child = spawnDaemon(context, log, options)
  const deadline = performance.now() + READY_WAIT_MS
  while (performance.now() < deadline) {
    context.signal.throwIfAborted()
    if (child.exitCode !== null || child.signalCode !== null) throw notStarted(context, child, log, position)
    const status = await (await connectControl(home))?.status()
    if (status !== undefined) return status
    await sleep(LOOK_MS)
  }
  throw new UnavailableError(
    'daemon-not-ready',
    `the daemon still starts after ${READY_WAIT_MS / 1000} s (pid ${child.pid})`,
    {
      hint: 'see what it does: `jzfs daemon logs`',
      details: { pid: child.pid },
    },
  )
}

function spawnDaemon(context: Context, log: string, options: string[]): ChildProcess {
  closeInherited()
  const output = openLog(log)
  try {
    const child = spawn(
      process.execPath,
      [...process.execArgv, process.argv[1] ?? '', 'daemon', '--quiet', ...options],
      {
        detached: true,
        stdio: ['ignore', output, output],
        cwd: '/',
        env: { ...context.env, JZFS_HOME: homeDirectory(context) },
      },
    )
    child.unref()
    return child
  } finally {
    closeSync(output)
  }
}

/** Flag of an open file that ends with `exec`: Node opens all its own so. */
const O_CLOEXEC = 0o2000000

/**
 * Closes the files that whoever started this process left open, so that the daemon does not hold them as long as it lives.
 * Node keeps only those from its children that have low numbers. Linux tells them; elsewhere they stay open.
 */
function closeInherited(): void {
  if (process.platform !== 'linux' || process.channel !== undefined) return
  for (const name of readdirSync('/proc/self/fdinfo')) {
    try {
      const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'utf8'))?.[1] ?? '0'
      if (Number(name) > 2 && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0) closeSync(Number(name))
    } catch (error) {
      // The list itself was one of them.
      if (fsErrorCode(error) === undefined) throw error
    }
  }
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a', 0o600)
  } catch (error) {
    throw explainFsError(error, path)
  }
}

/** Says the last of what it said, and makes the error. */
function notStarted(context: Context, child: ChildProcess, log: string, position: number): UnavailableError {
  const lines = readLogSince(log, position, SHOWN_LINES)
  for (const line of lines) context.terminal.say(prettyLine(line, { color: false }))
  const how = child.signalCode ?? `exit status ${child.exitCode}`
  return new UnavailableError('daemon-not-started', `the daemon did not start (${how})`, {
    hint: 'see what it said: `jzfs daemon logs`',
    details: { log, lines },
  })
}
