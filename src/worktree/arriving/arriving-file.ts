import { close, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { promisify } from 'node:util'

import { createEarlyFlush, type EarlyFlush } from '../../store/copy/early-flush.ts'
import { UNFINISHED_MODE } from '../checkout/write-entry.ts'
import { type Piece, writePieces } from './write-pieces.ts'

/**
 * One file that is written while its leaves come, in whatever order, under a temporary name. That it cannot be written is no
 * failure: it is given up, and whoever wants it finds the leaves in the store.
 */
export interface ArrivingFile {
  /** Whether all of its bytes were written. */
  readonly isWhole: boolean
  /** Whether it never will be whole. */
  readonly isGivenUp: boolean
  /** Writes a leaf where it stands in the file. Never rejects; the bytes are not used any more once it is fulfilled. */
  write(bytes: Uint8Array, start: number): Promise<void>
  /** Gives up what was written. */
  giveUp(): void
  /** The path, once all of it is written and nobody uses it here any more; undefined where it is not whole. */
  finish(): Promise<string | undefined>
}

/** Makes one of so many bytes; nothing is on the disk before the first of them is. */
export function createArrivingFile(path: string, sizeBytes: number): ArrivingFile {
  return new GrowingCopy(path, sizeBytes)
}

interface OpenFile {
  descriptor: number
  flush: EarlyFlush
}

class GrowingCopy implements ArrivingFile {
  readonly #path: string
  #missingBytes: number
  #open: OpenFile | undefined
  isGivenUp = false
  /** Pieces that nobody writes yet. */
  #waiting: Piece[] = []
  /** Two writes to one file at once would only wait for each other. */
  #last: Promise<void> = Promise.resolve()

  constructor(path: string, sizeBytes: number) {
    this.#path = path
    this.#missingBytes = sizeBytes
  }

  get isWhole(): boolean {
    return this.#missingBytes === 0
  }

  write(bytes: Uint8Array, start: number): Promise<void> {
    this.#waiting.push({ bytes, start })
    this.#last = this.#last.then(() => this.#writeWaiting())
    return this.#last
  }

  giveUp(): void {
    if (this.isGivenUp) return
    this.isGivenUp = true
    this.#last = this.#last.then(() => this.#remove())
  }

  async finish(): Promise<string | undefined> {
    await this.#last
    if (this.isGivenUp) return undefined
    if (this.#missingBytes === 0 && (await this.#close())) return this.#path
    this.giveUp()
    await this.#last
    return undefined
  }

  /** Writes what has come together meanwhile: the fewer calls, the better. */
  async #writeWaiting(): Promise<void> {
    const pieces = this.#waiting
    this.#waiting = []
    if (this.isGivenUp || pieces.length === 0) return
    try {
      this.#open ??= openCopy(this.#path)
      const { descriptor, flush } = this.#open
      const sizeBytes = await writePieces(descriptor, pieces)
      flush.note(sizeBytes)
      this.#missingBytes -= sizeBytes
      // No descriptor is kept for what is done: there may be thousands of files.
      if (this.#missingBytes === 0 && !(await this.#close())) this.giveUp()
    } catch {
      this.giveUp()
    }
  }

  /** Whether all that was written is sound, as far as the disk has said. */
  async #close(): Promise<boolean> {
    const { descriptor, flush } = this.#open ?? {}
    this.#open = undefined
    if (descriptor === undefined) return true
    const failure = await flush?.settle()
    await promisify(close)(descriptor)
    return failure === undefined
  }

  async #remove(): Promise<void> {
    this.#waiting = []
    await this.#close()
    // What cannot be removed is found by whoever writes to the store next.
    await rm(this.#path, { force: true }).catch(() => undefined)
  }
}

function openCopy(path: string): OpenFile {
  const descriptor = openSync(path, 'wx', UNFINISHED_MODE)
  return { descriptor, flush: createEarlyFlush(descriptor) }
}
