/** The number of bytes of a string in UTF-8. Short ASCII, which names mostly are, is counted without leaving JavaScript. */
export function utf8Length(text: string): number {
  const { length } = text
  if (length > 64) {
    return Buffer.byteLength(text)
  }
  for (let i = 0; i < length; i++) {
    if (text.charCodeAt(i) >= 0x80) {
      return Buffer.byteLength(text)
    }
  }
  return length
}

/** Writes a string in UTF-8 and returns the offset behind it. The string must be well-formed and must fit. */
export function writeUtf8(text: string, target: Buffer, offset: number): number {
  const { length } = text
  if (length > 64) {
    return offset + target.write(text, offset)
  }
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x80) {
      return offset + target.write(text, offset)
    }
    target[offset + i] = code
  }
  return offset + length
}

/** A range of bytes as a string, or undefined where it is not valid UTF-8. A byte order mark is kept. */
export function readUtf8(bytes: Buffer, start: number, end: number): string | undefined {
  const text = bytes.toString('utf8', start, end)
  // A replacement character may stand for a bad byte or be there itself: only then does the slow decoder decide.
  return text.includes('\uFFFD') ? readStrictly(bytes.subarray(start, end)) : text
}

function readStrictly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
