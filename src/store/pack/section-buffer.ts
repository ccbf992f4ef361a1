import type { GrowingFile } from './pack-file.ts'
import { sectionSize, writeSectionStart } from './pack-format.ts'

/** Sections are gathered until so many bytes are there, and written in one piece. */
const BUFFER_SIZE = 4 * 1024 * 1024

/**
 * Gathers sections in memory and writes them to a pack's file in big pieces: one in the background, while the next is
 * being filled; a third has to wait.
 *
 * A section that is still in memory has a negative position, -1 - (its place in the buffer).
 */
export interface SectionBuffer {
  /** Bytes gathered and not yet given to the file. */
  readonly size: number
  /** Appends a section; `place` is told its position now and again when that changes. */
  append(cid: Uint8Array, block: Uint8Array, place: (position: number) => void): void
  /** What is at `position`, up to `length` bytes of it; undefined where it is to be read from the file. */
  read(position: number, length: number): Uint8Array | undefined
  /** Gives what was gathered to the file. */
  flush(): void
  /** Resolves when no write is under way. */
  drain(): Promise<void>
}

/** Makes an empty buffer before a file, which is asked for at the first write. */
export function createSectionBuffer(openFile: () => GrowingFile): SectionBuffer {
  return new PairOfBuffers(openFile)
}

class PairOfBuffers implements SectionBuffer {
  readonly #openFile: () => GrowingFile
  #bytes: Uint8Array | undefined
  #spare: Uint8Array | undefined
  #size = 0
  #unplaced: { at: number; place: (position: number) => void }[] = []
  #writing: { bytes: Uint8Array; position: number; done: Promise<void> } | undefined

  constructor(openFile: () => GrowingFile) {
    this.#openFile = openFile
  }

  get size(): number {
    return this.#size
  }

  append(cid: Uint8Array, block: Uint8Array, place: (position: number) => void): void {
    const size = sectionSize(cid.length, block.length)
    if (this.#size + size > BUFFER_SIZE) this.flush()
    if (size > BUFFER_SIZE) {
      place(this.#writeAlone(cid, block, size))
      return
    }
    this.#bytes ??= new Uint8Array(BUFFER_SIZE)
    const start = writeSectionStart(this.#bytes, this.#size, cid, block.length)
    this.#bytes.set(block, start)
    place(-1 - this.#size)
    this.#unplaced.push({ at: this.#size, place })
    this.#size += size
  }

  read(position: number, length: number): Uint8Array | undefined {
    if (position < 0) return this.#bytes?.slice(-1 - position, Math.min(this.#size, length - 1 - position))
    if (this.#writing === undefined) return undefined
    const at = position - this.#writing.position
    return at >= 0 && at < this.#writing.bytes.length ? this.#writing.bytes.slice(at, at + length) : undefined
  }

  flush(): void {
    if (this.#bytes === undefined || this.#size === 0) return
    const file = this.#openFile()
    const bytes = this.#bytes.subarray(0, this.#size)
    const position = file.reserve(bytes.length)
    for (const { at, place } of this.#unplaced) place(position + at)
    this.#unplaced = []
    this.#size = 0
    if (this.#writing !== undefined) {
      file.writeSync(bytes, position)
      return
    }
    const written = this.#bytes
    this.#bytes = this.#spare
    this.#spare = undefined
    this.#writing = { bytes, position, done: this.#write(file, bytes, position, written) }
  }

  async drain(): Promise<void> {
    await this.#writing?.done
  }

  async #write(file: GrowingFile, bytes: Uint8Array, position: number, buffer: Uint8Array): Promise<void> {
    await file.write(bytes, position)
    this.#writing = undefined
    this.#spare = buffer
  }

  #writeAlone(cid: Uint8Array, block: Uint8Array, size: number): number {
    const file = this.#openFile()
    const section = new Uint8Array(size)
    section.set(block, writeSectionStart(section, 0, cid, block.length))
    const position = file.reserve(size)
    file.writeSync(section, position)
    return position
  }
}
