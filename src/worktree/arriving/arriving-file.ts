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
  /** Writes a leaf where it stands in the file. Never rejects, as nothing here does; the bytes are not used any more once it is fulfilled. */
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
  #isThere = false
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
    await this.#settle()
    if (!this.isGivenUp && this.#missingBytes === 0) return this.#path
    this.giveUp()
    await this.#settle()
    return undefined
  }

  /** What is under way may give the file up, and then it is to be removed. */
  async #settle(): Promise<void> {
    for (let last: Promise<void> | undefined; last !== this.#last; await last) last = this.#last
  }

  /** Writes what has come together meanwhile: the fewer calls, the better. */
  async #writeWaiting(): Promise<void> {
    const pieces = this.#waiting
    this.#waiting = []
    if (this.isGivenUp || pieces.length === 0) return
    try {
      this.#open ??= this.#create()
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
    try {
      await promisify(close)(descriptor)
      return failure === undefined
    } catch {
      return false
    }
  }

  async #remove(): Promise<void> {
    this.#waiting = []
    await this.#close()
    if (!this.#isThere) return
    // What cannot be removed is found by whoever writes to the store next.
    await rm(this.#path, { force: true }).catch(() => undefined)
  }

  #create(): OpenFile {
    const descriptor = openSync(this.#path, 'wx', UNFINISHED_MODE)
    this.#isThere = true
    return { descriptor, flush: createEarlyFlush(descriptor) }
  }
}
