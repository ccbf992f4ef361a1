import type { AbortOptions } from '../../model/block.ts'
import type { EstimateSimilarity, RenameSide } from '../renames/find-renames.ts'
import { createFingerprint, createFingerprintComparison, type Fingerprint } from '../text/fingerprint.ts'
import { isText } from '../text/is-text.ts'

/** How files are read whose similarity is estimated. */
export interface SimilarityOptions<Side extends RenameSide> extends AbortOptions {
  /** The bytes of a file, in pieces. */
  read(side: Side, options: AbortOptions): AsyncIterable<Uint8Array>
}

/** Larger files are like no other: reading them would take long. */
const MAX_COMPARED_BYTES = 64 * 2 ** 20

/** Numbers in the fingerprints that are kept: 12 bytes each. */
const MAX_KEPT_NUMBERS = 8_000_000

/**
 * Makes an estimate of how alike two texts are, by git's measure: the bytes of lines (and of chunks of 64 bytes of long
 * lines) that both have, in terms of the larger file. What is no text is like no other. Each file is read once, unless
 * there are more than can be remembered, and not at all where the sizes decide. Throws what `read` throws.
 */
export function createSimilarity<Side extends RenameSide>(options: SimilarityOptions<Side>): EstimateSimilarity<Side> {
  const compare = createFingerprintComparison()
  const known = new Map<Side, Fingerprint | undefined>()
  let keptNumbers = 0
  const fingerprintOf = async (side: Side): Promise<Fingerprint | undefined> => {
    if (known.has(side)) return known.get(side)
    const made = await readFingerprint(side, options)
    known.set(side, made)
    keptNumbers += made?.hashes.length ?? 0
    for (const [oldest, kept] of known) {
      if (keptNumbers <= MAX_KEPT_NUMBERS) break
      keptNumbers -= kept?.hashes.length ?? 0
      known.delete(oldest)
    }
    return made
  }
  return async (before, after, atLeast) => {
    if (before.contentCid.equals(after.contentCid)) return 1
    const [smaller, larger] = [Math.min(before.size, after.size), Math.max(before.size, after.size)]
    if (smaller < larger * atLeast || larger > MAX_COMPARED_BYTES) return 0
    const old = await fingerprintOf(before)
    const fresh = old && (await fingerprintOf(after))
    return old === undefined || fresh === undefined ? 0 : compare(old, fresh)
  }
}

async function readFingerprint<Side extends RenameSide>(
  side: Side,
  { read, signal }: SimilarityOptions<Side>,
): Promise<Fingerprint | undefined> {
  const fingerprint = createFingerprint()
  let isFirst = true
  for await (const piece of read(side, { signal })) {
    if (isFirst && !isText(piece)) return undefined
    isFirst = false
    fingerprint.update(piece)
  }
  return fingerprint.finish()
}
