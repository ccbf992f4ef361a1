import type { Terminal } from './terminal.ts'

/** Output that is gathered to larger pieces. */
export interface GatheredOutput {
  add(text: string): Promise<void>
  /** Writes what was gathered: to be called at the end, too. */
  flush(): Promise<void>
}

const PIECE_CHARACTERS = 1 << 16

/** Gathers text for a terminal, so that many short lines are few writes. */
export function gatherOutput({ out }: Pick<Terminal, 'out'>): GatheredOutput {
  let pieces: string[] = []
  let length = 0
  const flush = async () => {
    if (length === 0) return
    const text = pieces.join('')
    pieces = []
    length = 0
    await out(text)
  }
  return {
    flush,
    async add(text) {
      pieces.push(text)
      length += text.length
      if (length >= PIECE_CHARACTERS) await flush()
    },
  }
}
