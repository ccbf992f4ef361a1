/** A line that parents had and the result of a merge has not. */
export interface LostLine {
  text: string
  /** The parents that had it: bit 0 is the first. */
  parents: number
}

/** Lines that are joined one by one; longer lists stand one behind the other. */
const MAX_COMPARISONS = 1_000_000

/**
 * Adds the lines that one more parent lost at a place to those of the parents before it: what both lost is one line. The
 * order of each list is kept; where neither decides, the lines that were there come first.
 */
export function joinLostLines(known: readonly LostLine[], added: readonly string[], parent: number): LostLine[] {
  const mask = 1 << parent
  const fresh = added.map((text) => ({ text, parents: mask }))
  if (known.length * added.length > MAX_COMPARISONS) return [...known, ...fresh]
  const common = commonLengths(known, added)
  const width = added.length + 1
  const joined: LostLine[] = []
  let [old, at] = [known.length, added.length]
  while (old > 0 || at > 0) {
    const [last, line] = [known[old - 1], fresh[at - 1]]
    if (last !== undefined && line !== undefined && last.text === line.text) {
      joined.push({ text: last.text, parents: last.parents | mask })
      old--
      at--
    } else if (
      line !== undefined &&
      (last === undefined || lengthAt(common, width, old, at - 1) >= lengthAt(common, width, old - 1, at))
    ) {
      joined.push(line)
      at--
    } else {
      joined.push(last as LostLine)
      old--
    }
  }
  return joined.reverse()
}

/** The lengths of the longest common subsequences of all beginnings of both lists. */
function commonLengths(known: readonly LostLine[], added: readonly string[]): Uint32Array {
  const width = added.length + 1
  const lengths = new Uint32Array((known.length + 1) * width)
  for (let old = 1; old <= known.length; old++) {
    for (let at = 1; at < width; at++) {
      lengths[old * width + at] =
        known[old - 1]?.text === added[at - 1]
          ? lengthAt(lengths, width, old - 1, at - 1) + 1
          : Math.max(lengthAt(lengths, width, old, at - 1), lengthAt(lengths, width, old - 1, at))
    }
  }
  return lengths
}

function lengthAt(lengths: Uint32Array, width: number, old: number, at: number): number {
  return lengths[old * width + at] as number
}
