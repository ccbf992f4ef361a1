const LINE_FEED = 10

/** A text taken apart: line `n` is the bytes from `starts[n]` to `starts[n + 1]`, its line feed included. */
export interface Lines {
  readonly bytes: Uint8Array
  readonly count: number
  /** One more than there are lines: the last is the length of the text. */
  readonly starts: Uint32Array
}

/** Takes a text apart. Only line feeds end lines; the last line may have none. */
export function splitLines(bytes: Uint8Array): Lines {
  let starts = new Uint32Array(16 + (bytes.length >>> 5))
  let count = 0
  for (let at = 0; at < bytes.length; count++) {
    if (count + 2 > starts.length) starts = grown(starts)
    starts[count] = at
    const end = bytes.indexOf(LINE_FEED, at)
    at = end === -1 ? bytes.length : end + 1
  }
  starts[count] = bytes.length
  return { bytes, count, starts: starts.subarray(0, count + 1) }
}

/** The bytes of the lines from `start` to before `end`. */
export function bytesOfLines({ bytes, starts }: Lines, start: number, end: number): Uint8Array {
  return bytes.subarray(starts[start], starts[end])
}

function grown(starts: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(starts.length * 2)
  larger.set(starts)
  return larger
}
