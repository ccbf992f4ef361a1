/** With so many packs or fewer nothing is merged. */
const FEW_PACKS = 10

/** A pack of this size or more is left as it is: copying it would cost more than looking into it does. */
const LARGE_PACK_BYTES = 1024 * 1024 * 1024

/** Each pack that stays is at least so many times as large as all smaller ones together. */
const GROWTH = 2

/**
 * Which packs to merge into one, by their sizes in bytes: indexes into `sizes`, none or at least two.
 *
 * After the merge the packs' sizes grow geometrically, so that there are about log n of them (and one for each gigabyte
 * in large ones), and a byte is copied about log n times in its life: git's `repack --geometric`.
 */
export function planConsolidation(sizes: readonly number[]): number[] {
  if (sizes.length <= FEW_PACKS) return []
  const ascending = sizes
    .map((size, at) => ({ size, at }))
    .filter(({ size }) => size < LARGE_PACK_BYTES)
    .sort((a, b) => a.size - b.size)
  let merged = 0
  let smaller = 0
  for (const [rank, { size }] of ascending.entries()) {
    if (size < GROWTH * smaller) merged = rank + 1
    smaller += size
  }
  return merged < 2 ? [] : ascending.slice(0, merged).map(({ at }) => at)
}
