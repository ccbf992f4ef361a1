import { isInPages, offsetInPage, PAGE_BYTES, pagesOfMemory } from './direct-write.ts'
import type { GrowingFile } from './pack-file.ts'
import { sectionSize, writeSectionStart } from './pack-format.ts'

/** Sections are gathered until so many bytes are there, and written in one piece. */
const BUFFER_SIZE = 4 * 1024 * 1024

/** How many full buffers may wait for the disk: as long as there are fewer, whoever appends need not wait. */
const MOST_WAITING = 8

/**
 * Writes the bytes of a block elsewhere too, out of the memory from which they are written to the pack: they are true until
 * the promise is fulfilled, which it always is.
 */
export type BlockCopy = (bytes: Uint8Array) => Promise<void>

/**
 * Gathers sections in memory and writes them to a pack's file in big pieces, one after the other in the background, while
 * the next is being filled.
 *
 * A section that is still in memory has a negative position, -1 - (its place in the buffer).
 */
export interface SectionBuffer {
  /** Bytes gathered and not yet given to the file. */
  readonly size: number
  /** Appends a section; `place` is told its position now and again when that changes, and `copy` gets the block's bytes. */
  append(cid: Uint8Array, block: Uint8Array, place: (position: number) => void, copy?: BlockCopy): void
  /** What is at `position`, up to `length` bytes of it; undefined where it is to be read from the file. */
  read(position: number, length: number): Uint8Array | undefined
  /** Gives what was gathered to the file. */
  flush(): void
  /** Resolves when another buffer may be filled: before, what is appended is written at once, and blocks. */
  drain(): Promise<void>
  /** Resolves when no write is under way. */
  settle(): Promise<void>
}

/** Makes an empty buffer before a file, which is asked for at the first write. */
export function createSectionBuffer(openFile: () => GrowingFile): SectionBuffer {
  return new RowOfBuffers(openFile)
}

/** A buffer that is written, or waits for it. */
interface Waiting {
  bytes: Uint8Array
  position: number
  /** Fulfilled when its memory may be used again. */
  done: Promise<void>
}

/** What a buffer waits for. */
interface Ending {
  /** Undefined where it was written at once. */
  write: (() => Promise<void>) | undefined
  /** The buffer before it. */
  before: Promise<void> | undefined
  copies: Promise<void>[]
}

class RowOfBuffers implements SectionBuffer {
  readonly #openFile: () => GrowingFile
  #bytes: Uint8Array | undefined
  readonly #spare: Uint8Array[] = []
  /** Where in the buffer the first section stands. */
  #start = 0
  /** Where the next one goes. */
  #end = 0
  #unplaced: { at: number; place: (position: number) => void }[] = []
  #uncopied: { bytes: Uint8Array; copy: BlockCopy }[] = []
  /** Those that are written, or wait for it: the oldest first. */
  readonly #waiting: Waiting[] = []

  constructor(openFile: () => GrowingFile) {
    this.#openFile = openFile
  }

  get size(): number {
    return this.#end - this.#start
  }

  append(cid: Uint8Array, block: Uint8Array, place: (position: number) => void, copy?: BlockCopy): void {
    const size = sectionSize(cid.length, block.length)
    if (this.size + size > BUFFER_SIZE) this.flush()
    if (size > BUFFER_SIZE) {
      place(this.#writeAlone(cid, block, size, copy))
      return
    }
    this.#bytes ??= this.#begin(copy !== undefined)
    const start = writeSectionStart(this.#bytes, this.#end, cid, block.length)
    this.#bytes.set(block, start)
    place(-1 - this.#end)
    this.#unplaced.push({ at: this.#end, place })
    if (copy !== undefined) this.#uncopied.push({ bytes: this.#bytes.subarray(start, start + block.length), copy })
    this.#end += size
  }

  read(position: number, length: number): Uint8Array | undefined {
    if (position < 0) return this.#bytes?.slice(-1 - position, Math.min(this.#end, length - 1 - position))
    for (const { bytes, position: start } of this.#waiting) {
      const at = position - start
      if (at >= 0 && at < bytes.length) return bytes.slice(at, at + length)
    }
    return undefined
  }

  flush(): void {
    if (this.#bytes === undefined || this.size === 0) return
    const file = this.#openFile()
    const start = this.#start
    const bytes = this.#bytes.subarray(start, this.#end)
    const position = file.reserve(bytes.length)
    for (const { at, place } of this.#unplaced) place(position + at - start)
    this.#unplaced = []
    this.#start = this.#end = 0
    const copies = this.#uncopied.map(({ bytes: copied, copy }) => copy(copied))
    this.#uncopied = []
    const isFull = this.#waiting.length >= MOST_WAITING
    if (isFull) file.writeSync(bytes, position)
    if (isFull && copies.length === 0) return
    const memory = this.#bytes
    this.#bytes = undefined
    const before = this.#waiting.at(-1)?.done
    const write = isFull ? undefined : () => file.write(bytes, position, { isReadSoon: copies.length === 0 })
    this.#waiting.push({ bytes, position, done: this.#finish(memory, { write, before, copies }) })
  }

  async drain(): Promise<void> {
    while (this.#waiting.length >= MOST_WAITING) await this.#waiting[0]?.done
  }

  async settle(): Promise<void> {
    await this.#waiting.at(-1)?.done
  }

  /** Memory in which sections stand as they will in the file, page by page, where that is worth it: such memory is slower to use. */
  #begin(isCopied: boolean): Uint8Array {
    const spare = this.#spare.pop()
    if (!isCopied) return spare ?? new Uint8Array(BUFFER_SIZE + PAGE_BYTES)
    this.#start = this.#end = offsetInPage(this.#openFile().size)
    return spare !== undefined && isInPages(spare) ? spare : pagesOfMemory(BUFFER_SIZE + PAGE_BYTES)
  }

  async #finish(memory: Uint8Array, { write, before, copies }: Ending): Promise<void> {
    // Two writes to one file at once would only wait for each other, and busily so.
    await before
    await write?.()
    await Promise.all(copies)
    this.#waiting.shift()
    if (this.#spare.length < MOST_WAITING) this.#spare.push(memory)
  }

  /** A block of more than a buffer; its copy waits for nobody, and nobody for it but its file. */
  #writeAlone(cid: Uint8Array, block: Uint8Array, size: number, copy?: BlockCopy): number {
    const file = this.#openFile()
    const section = new Uint8Array(size)
    const start = writeSectionStart(section, 0, cid, block.length)
    section.set(block, start)
    const position = file.reserve(size)
    file.writeSync(section, position)
    void copy?.(section.subarray(start))
    return position
  }
}
