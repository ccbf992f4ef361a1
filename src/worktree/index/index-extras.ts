/** CIDs that do not fit the columns, by entry, sorted: whole CIDs, then content CIDs. */
export interface IndexExtras {
  entry: Uint32Array
  /** One element more than `entry`: where each starts in `bytes`. */
  start: Uint32Array
  bytes: Buffer
}

/** Extras that hold nothing. */
export const NO_EXTRAS: IndexExtras = { entry: new Uint32Array(0), start: new Uint32Array(1), bytes: Buffer.alloc(0) }

/** Extras of pieces in the order of their entries. */
export function extrasOf(pieces: readonly (readonly [entry: number, bytes: Uint8Array])[]): IndexExtras {
  const start = new Uint32Array(pieces.length + 1)
  for (const [at, [, bytes]] of pieces.entries()) start[at + 1] = (start[at] as number) + bytes.length
  return {
    entry: Uint32Array.from(pieces, ([entry]) => entry),
    start,
    bytes: Buffer.concat(pieces.map(([, bytes]) => bytes)),
  }
}

/** What the extras hold for an entry; empty where nothing. */
export function extraOf(extras: IndexExtras, entry: number): Buffer {
  let low = 0
  let high = extras.entry.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((extras.entry[middle] as number) < entry) low = middle + 1
    else high = middle
  }
  if (extras.entry[low] !== entry) return extras.bytes.subarray(0, 0)
  return extras.bytes.subarray(extras.start[low], extras.start[low + 1])
}
