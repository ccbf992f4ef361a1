import { readFileSync, rmSync } from 'node:fs'

import { writeFileDurably } from '../../store/durable.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { Home } from './home.ts'

/** Who the daemon of a home is and how it is reached, as it wrote it down when it was ready. */
export interface DaemonState {
  pid: number
  /** The version of jzfs. */
  version: string
  /** ISO 8601. */
  startedAt: string
  peerId: string
  /** The addresses it listens on, each with `/p2p/` and the peer id. */
  addresses: string[]
  profile: string
  /** The path of its control socket. */
  socket: string
  /** Where it listens for HTTP (`http://127.0.0.1:8080`), if it does. */
  http?: string | undefined
}

/** What the daemon wrote down last; it may be gone. Undefined where there is nothing, or nothing that can be read. */
export function readDaemonState(home: Home): DaemonState | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(home.layout.daemonState, 'utf8'))
    return isDaemonState(value) ? value : undefined
  } catch (error) {
    // It is written anew by each start: what a crash left of it is as good as none.
    if (error instanceof SyntaxError || fsErrorCode(error) === 'ENOENT') return undefined
    throw explainFsError(error, home.layout.daemonState)
  }
}

/** Writes it down. Only the daemon does, which holds the daemon's lock. */
export function writeDaemonState(home: Home, state: DaemonState): Promise<void> {
  return writeFileDurably(home.layout.daemonState, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
}

/** The TCP port that the last daemon listened on, 0 where it is not known: peers remember addresses. */
export function lastPort(home: Home): number {
  const [address = ''] = readDaemonState(home)?.addresses ?? []
  return Number(/\/tcp\/(\d+)/.exec(address)?.[1] ?? 0)
}

/** Takes away a socket that a dead daemon left. */
export function removeSocket(path: string): void {
  rmSync(path, { force: true })
}

function isDaemonState(value: unknown): value is DaemonState {
  if (typeof value !== 'object' || value === null) return false
  const { pid, addresses, http, ...texts } = value as Record<keyof DaemonState, unknown>
  return (
    Number.isSafeInteger(pid) &&
    (http === undefined || typeof http === 'string') &&
    Array.isArray(addresses) &&
    addresses.every((address) => typeof address === 'string') &&
    (['version', 'startedAt', 'peerId', 'profile', 'socket'] as const).every((key) => typeof texts[key] === 'string')
  )
}
