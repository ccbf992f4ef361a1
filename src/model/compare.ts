/** The order of two byte strings: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) {
      return difference
    }
  }
  return a.length - b.length
}

/**
 * The order of two strings by their UTF-8 bytes, without encoding them: negative, zero or positive.
 *
 * JavaScript orders by UTF-16 code units, which puts astral characters (surrogates, U+D800 to U+DFFF) before U+E000 to
 * U+FFFF; UTF-8 puts them after. Everything else agrees.
 */
export function compareNames(a: string, b: string): number {
  if (a === b) {
    return 0
  }
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) {
      return x >= 0xd800 && y >= 0xd800 ? byteRank(x) - byteRank(y) : x - y
    }
  }
  return a.length - b.length
}

/** Moves surrogates above the rest of the basic plane, where UTF-8 has the characters that they stand for. */
function byteRank(codeUnit: number): number {
  return codeUnit <= 0xdfff ? codeUnit + 0x2000 : codeUnit - 0x800
}
