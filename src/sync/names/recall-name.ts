import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import type { KnownNames } from './known-names.ts'
import { askForRecords, type RecordSource } from './record-carrier.ts'

/**
 * Asks what others have of an own name, and remembers it, before it is signed for: so a home whose memory was lost goes on
 * from their sequence, and one that was put back from a backup notices (`KnownNames.publish` throws `own-name-ahead`).
 *
 * Records that are no good, or older, say nothing. Throws ConflictError `record-fork` where another place signed another
 * value at our sequence.
 */
export async function recallName(
  name: string,
  sources: readonly RecordSource[],
  names: KnownNames,
  options: AbortOptions & { now: Date; timeoutMs?: number },
): Promise<void> {
  for (const { from, bytes } of await askForRecords(name, sources, options)) {
    try {
      // That its life is over does not make its sequence free again.
      await names.accept(name, bytes, { now: options.now, allowExpired: true, from })
    } catch (error) {
      if (!(error instanceof JzfsError) || error.code === 'record-fork') throw error
    }
  }
}
