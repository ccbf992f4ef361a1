import type { AbortOptions } from '../../model/block.ts'
import type { Peer } from '../peer.ts'

/** Whoever may have the record of a name: a peer, or a router. What it gives is not believed. */
export type RecordSource = Pick<Peer, 'label' | 'resolveName'>

/** Whoever also takes records to give them on: a router (delegated routing). */
export interface RecordCarrier extends RecordSource {
  /** Gives it the newest record (marshalled) of a name. Throws UnavailableError where it does not take it. */
  putRecord(name: string, bytes: Uint8Array, options?: AbortOptions): Promise<void>
}

/** What one source gave. */
export interface GivenRecord {
  from: string
  bytes: Uint8Array
}

/** Asks all sources at once for the record of a name. Those that fail, or take longer than `timeoutMs`, are passed over. */
export async function askForRecords(
  name: string,
  sources: readonly RecordSource[],
  { signal, timeoutMs }: AbortOptions & { timeoutMs: number },
): Promise<GivenRecord[]> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const each = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  const late = new Promise<never>((_resolve, reject) => {
    each.addEventListener('abort', () => reject(new Error('too late')), { once: true })
  })
  late.catch(() => undefined)
  const asked = await Promise.allSettled(
    sources.map(async (source) => {
      const bytes = await Promise.race([source.resolveName(name, { signal: each }), late])
      return { from: source.label, bytes }
    }),
  )
  signal?.throwIfAborted()
  return asked.flatMap((answer) => {
    if (answer.status === 'rejected' || answer.value.bytes === undefined) return []
    return [{ from: answer.value.from, bytes: answer.value.bytes }]
  })
}
