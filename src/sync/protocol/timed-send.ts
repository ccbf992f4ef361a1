import type { AbortOptions } from '../../model/block.ts'
import { JzfsError, UnavailableError } from '../../model/errors.ts'
import type { ByteDuplex } from '../duplex.ts'
import { withIdleTimeout } from './idle-timeout.ts'
import { closedEarly } from './peer-errors.ts'

/**
 * The `send` of a duplex that gives up on a peer that takes nothing: UnavailableError `peer-too-slow`,
 * `peer-closed-early` where the stream broke, and the signal's reason.
 */
export function timedSend(
  duplex: ByteDuplex,
  { label, idleTimeoutMs, signal }: { label: string; idleTimeoutMs: number } & AbortOptions,
): ByteDuplex['send'] {
  const onTimeout = (): UnavailableError =>
    new UnavailableError('peer-too-slow', `${label} took nothing for ${idleTimeoutMs / 1000} s`, {
      hint: 'it may ask again',
      details: { peer: label, idleTimeoutMs },
    })
  return (bytes) => {
    const sent = duplex.send(bytes).catch((error: unknown) => {
      throw error instanceof JzfsError ? error : closedEarly(label, error)
    })
    return withIdleTimeout(sent, { signal, idleTimeoutMs, onTimeout })
  }
}
