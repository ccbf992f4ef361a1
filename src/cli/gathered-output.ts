import type { Terminal } from './terminal.ts'

/** Output that is gathered to larger pieces. */
export interface GatheredOutput {
  /** A promise only where something is written. */
  add(text: string): Promise<void> | undefined
  /** Writes what was gathered. */
  flush(): Promise<void>
}

const PIECE_CHARACTERS = 1 << 16

/**
 * Gathers what `work` writes, so that many short lines are few writes. What was gathered is written at the end, also where
 * `work` throws: it was found before.
 */
export async function gatherOutput(
  { out }: Pick<Terminal, 'out'>,
  work: (output: GatheredOutput) => Promise<void>,
): Promise<void> {
  let pieces: string[] = []
  let length = 0
  const flush = async () => {
    const text = pieces.join('')
    pieces = []
    length = 0
    if (text !== '') await out(text)
  }
  const add = (text: string) => {
    pieces.push(text)
    length += text.length
    return length >= PIECE_CHARACTERS ? flush() : undefined
  }
  try {
    await work({ add, flush })
  } finally {
    await flush()
  }
}
