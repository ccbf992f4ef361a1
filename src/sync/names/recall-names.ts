import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import type { KnownNames } from './known-names.ts'
import { askForRecords, type RecordSource } from './record-carrier.ts'

/** How many names are asked for at a time. */
const MAX_AT_ONCE = 64

/** How long all questions together may take, in milliseconds: whoever publishes does not wait for the dead. */
const RECALL_TIMEOUT_MS = 3000

/**
 * Asks what others have of own names, and remembers it, before they are signed for: so a home whose memory was lost goes on
 * from their sequence, and one that was put back from a backup notices (`KnownNames.publish` throws `own-name-ahead`).
 *
 * Records that are no good, or older, say nothing. Throws ConflictError `record-fork` where another place signed another
 * value at our sequence.
 */
export async function recallNames(
  names: readonly string[],
  sources: readonly RecordSource[],
  known: KnownNames,
  options: AbortOptions & { now: Date; timeoutMs?: number },
): Promise<void> {
  const { now, signal, timeoutMs = RECALL_TIMEOUT_MS } = options
  const until = performance.now() + timeoutMs
  for (let at = 0; at < names.length && sources.length > 0; at += MAX_AT_ONCE) {
    const left = Math.max(0, Math.ceil(until - performance.now()))
    const some = names.slice(at, at + MAX_AT_ONCE)
    const asked = await Promise.all(some.map((name) => askForRecords(name, sources, { signal, timeoutMs: left })))
    for (const [index, name] of some.entries()) {
      for (const { from, bytes } of asked[index] ?? []) await remember(name, bytes, known, { now, from })
    }
  }
}

async function remember(
  name: string,
  bytes: Uint8Array,
  known: KnownNames,
  { now, from }: { now: Date; from: string },
): Promise<void> {
  // Most have just what we signed.
  const newest = await known.record(name)
  if (newest !== undefined && Buffer.compare(newest.bytes, bytes) === 0) return
  try {
    // That its life is over does not make its sequence free again.
    await known.accept(name, bytes, { now, allowExpired: true, from })
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code === 'record-fork') throw error
  }
}
