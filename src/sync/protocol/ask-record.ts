import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import { type AskedPeer, askRecords } from './ask-peer.ts'

/** How long the answer may take, in milliseconds. */
const ANSWER_TIMEOUT_MS = 10_000

/**
 * Asks a peer for the newest record of one name by our own protocol, which knows who asks: of what is for some peers only
 * nobody is told by another. Nothing of it is verified. Undefined where the peer has none for us, or does not answer.
 */
export async function askRecord(peer: AskedPeer, name: string, options: AbortOptions): Promise<Uint8Array | undefined> {
  try {
    return (await askRecords(peer, [name], { ...options, idleTimeoutMs: ANSWER_TIMEOUT_MS })).get(name)
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof JzfsError) return undefined
    throw error
  }
}
