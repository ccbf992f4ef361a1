const LINE_FEED = 10

/** Whole lines of a text, each with its line feed. */
export interface TextPiece {
  lines: Buffer
  /** Whether they are a part of a line that is longer than MAX_LINE_BYTES. */
  isCut: boolean
}

/** Longer lines are cut, so that memory is bounded: nothing that has them is made for people to read. */
export const MAX_LINE_BYTES = 8 << 20

/** Smaller pieces are gathered, so that the beginning is long enough to tell text from other things. */
const MIN_PIECE_BYTES = 1 << 16

const END = Buffer.from('\n')

/** Cuts the bytes of a file between lines. The last line gets a line feed where it has none. */
export async function* textPieces(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<TextPiece> {
  let rest: Buffer[] = []
  let length = 0
  for await (const bytes of content) {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const end = piece.lastIndexOf(LINE_FEED) + 1
    const isLong = length + piece.length >= MIN_PIECE_BYTES
    if (end > 0 && isLong) {
      yield { lines: Buffer.concat([...rest, piece.subarray(0, end)]), isCut: false }
      // A copy: the rest of what it is a part of need not be kept.
      rest = [Buffer.from(piece.subarray(end))]
      length = piece.length - end
      continue
    }
    rest.push(Buffer.from(piece))
    length += piece.length
    if (length < MAX_LINE_BYTES) continue
    const gathered = Buffer.concat([...rest, END])
    const whole = gathered.lastIndexOf(LINE_FEED, -2) + 1
    if (whole > 0) yield { lines: gathered.subarray(0, whole), isCut: false }
    yield { lines: gathered.subarray(whole), isCut: true }
    rest = []
    length = 0
  }
  if (length > 0) yield { lines: ended(Buffer.concat(rest)), isCut: false }
}

/** Bytes as whole lines. */
export function ended(bytes: Buffer): Buffer {
  return bytes.length === 0 || bytes.at(-1) === LINE_FEED ? bytes : Buffer.concat([bytes, END])
}
