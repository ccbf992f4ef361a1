import type { Terminal } from './terminal.ts'

const PIECE_BYTES = 1 << 16

/** Writes many short pieces as few long ones. */
export async function writeGathered({ out }: Pick<Terminal, 'out'>, pieces: Iterable<Uint8Array>): Promise<void> {
  let gathered: Uint8Array[] = []
  let length = 0
  for (const piece of pieces) {
    gathered.push(piece)
    length += piece.length
    if (length < PIECE_BYTES) continue
    await out(Buffer.concat(gathered))
    gathered = []
    length = 0
  }
  if (length > 0) await out(Buffer.concat(gathered))
}
