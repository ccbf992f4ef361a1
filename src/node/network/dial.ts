import { setTimeout as sleep } from 'node:timers/promises'

import type { Connection, Libp2p, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

import type { AbortOptions } from '../../model/block.ts'
import { IntegrityError, type JzfsError, UnavailableError } from '../../model/errors.ts'
import { DIAL_TIMEOUT_MS, DIAL_TRIES, FIRST_DIAL_PAUSE_MS } from './network-limits.ts'

/**
 * Connects to a peer, or returns the connection that there is. A connection that breaks while it is being made is tried
 * again, with growing pauses: a busy peer turns newcomers away.
 *
 * Throws UnavailableError `peer-unreachable`, and IntegrityError `peer-not-expected` where another peer answers at that
 * address (details: `peer`).
 */
export async function dial(
  libp2p: Libp2p,
  address: Multiaddr | PeerId,
  options: AbortOptions = {},
): Promise<Connection> {
  const started = performance.now()
  for (let tried = 1, pauseMs = FIRST_DIAL_PAUSE_MS; ; tried++, pauseMs *= 2) {
    try {
      const timeout = AbortSignal.timeout(DIAL_TIMEOUT_MS)
      const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
      return await libp2p.dial(address, { signal })
    } catch (error) {
      options.signal?.throwIfAborted()
      // Whoever says nothing for so long is not asked again.
      const isLate = performance.now() - started > DIAL_TIMEOUT_MS / 2
      if (tried === DIAL_TRIES || isLate || !isPassing(error)) throw explainDial(error, address.toString())
    }
    // A random part, so that those who were turned away together do not come back together.
    await sleep(
      pauseMs * (0.5 + Math.random()),
      undefined,
      options.signal === undefined ? {} : { signal: options.signal },
    )
  }
}

/** Errors after which the same dial may succeed a moment later. */
function isPassing(error: unknown): boolean {
  if (isOtherPeer(error)) return false
  return causes(error).some(
    ({ name, code }) =>
      code === 'ECONNRESET' ||
      code === 'EPIPE' ||
      ['UnexpectedEOFError', 'StreamClosedError', 'ConnectionClosedError', 'ConnectionFailedError'].includes(name) ||
      ['EncryptionFailedError', 'MuxerUnavailableError', 'StreamResetError', 'StreamStateError'].includes(name),
  )
}

function explainDial(cause: unknown, address: string): JzfsError {
  if (isOtherPeer(cause)) {
    return new IntegrityError('peer-not-expected', `another peer than expected answers at ${address}`, {
      hint: 'ask the peer for its address again: after /p2p/ stands its identity',
      cause,
      details: { peer: address },
    })
  }
  return new UnavailableError('peer-unreachable', `cannot reach the peer at ${address}`, {
    hint: 'check that it runs (there: `jzfs id`) and that this is its address now',
    cause,
    details: { peer: address },
  })
}

/** libp2p 3.3 makes an `EncryptionFailedError` of `UnexpectedPeerError`, of which only the message is left. */
function isOtherPeer(error: unknown): boolean {
  return causes(error).some(({ name, message }) => name === 'UnexpectedPeerError' || message === 'Unexpected Peer')
}

function causes(error: unknown): { name: string; message: string; code: unknown }[] {
  if (!(error instanceof Error)) return []
  const { name, message } = error
  const code = 'code' in error ? error.code : undefined
  const inner = error instanceof AggregateError ? error.errors.flatMap(causes) : causes(error.cause)
  return [{ name, message, code }, ...inner]
}
