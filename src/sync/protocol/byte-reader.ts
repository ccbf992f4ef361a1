import { JzfsError } from '../../model/errors.ts'
import type { ByteSource } from '../duplex.ts'
import { withIdleTimeout } from './idle-timeout.ts'
import { countPassed } from './passed-buffers.ts'
import { closedEarly, tooSlow } from './peer-errors.ts'

/** How to wait for bytes, and whom to name when they do not come. */
export interface ByteReaderOptions {
  /** What errors call the sender. */
  label: string
  /** How long one `fill` may take, in milliseconds. */
  idleTimeoutMs: number
  signal?: AbortSignal | undefined
}

/**
 * Reads a stream of pieces as bytes. Holds what was asked for and the rest of one piece: never more, whatever the
 * sender does.
 */
export interface ByteReader {
  /** How many bytes can be taken without waiting. */
  readonly available: number
  /**
   * Waits until `count` bytes are there; false where the stream ends before. Throws UnavailableError `peer-too-slow`,
   * `peer-closed-early` (the stream broke), the signal's reason, and what a carrier says of itself (a JzfsError).
   */
  fill(count: number): Promise<boolean>
  /** Whether `count` bytes are there, or come without waiting: `fill` costs as much as to look at a small block. */
  hasAtHand(count: number): boolean
  /** The byte `offset` bytes ahead, which must be available. */
  peek(offset: number): number
  /**
   * Takes `count` bytes, which must be available: a view of a piece where they stand in one, else a copy. With `scratch`,
   * which is long enough, the copy is made there: it is true until `scratch` is used again.
   */
  take(count: number, scratch?: Uint8Array): Uint8Array
  /** Leaves out `count` bytes, which must be available. */
  skip(count: number): void
}

/** Reads `source` as bytes. */
export function createByteReader(source: ByteSource, options: ByteReaderOptions): ByteReader {
  return new PieceReader(source, options)
}

class PieceReader implements ByteReader {
  available = 0
  readonly #source: ByteSource
  readonly #iterator: AsyncIterator<Uint8Array>
  readonly #options: ByteReaderOptions
  readonly #pieces: Uint8Array[] = []
  /** How much of the first piece was taken. */
  #taken = 0
  #isEnded = false

  constructor(source: ByteSource, options: ByteReaderOptions) {
    this.#source = source
    this.#iterator = source[Symbol.asyncIterator]()
    this.#options = options
  }

  async fill(count: number): Promise<boolean> {
    if (this.hasAtHand(count)) return true
    const deadline = performance.now() + this.#options.idleTimeoutMs
    while (!this.hasAtHand(count) && !this.#isEnded) {
      const piece = await this.#nextPiece(deadline - performance.now())
      if (piece === undefined) this.#isEnded = true
      else this.#keep(piece)
    }
    return this.available >= count
  }

  hasAtHand(count: number): boolean {
    while (this.available < count) {
      const piece = this.#source.atHand?.()
      if (piece === undefined) return false
      this.#keep(piece)
    }
    return true
  }

  peek(offset: number): number {
    let rest = offset + this.#taken
    for (const piece of this.#pieces) {
      if (rest < piece.length) return piece[rest]!
      rest -= piece.length
    }
    throw new RangeError(`only ${this.available} bytes are available`)
  }

  take(count: number, scratch?: Uint8Array): Uint8Array {
    if (count > this.available) throw new RangeError(`only ${this.available} bytes are available`)
    this.available -= count
    const first = this.#pieces[0]
    if (first === undefined) return new Uint8Array(0)
    return first.length - this.#taken >= count ? this.#takeOfFirst(count) : this.#gather(count, scratch)
  }

  skip(count: number): void {
    if (count > this.available) throw new RangeError(`only ${this.available} bytes are available`)
    this.available -= count
    this.#taken += count
    for (let first = this.#pieces[0]; first !== undefined && this.#taken >= first.length; first = this.#pieces[0]) {
      this.#pieces.shift()
      this.#taken -= first.length
    }
  }

  #keep(piece: Uint8Array): void {
    if (piece.length === 0) return
    countPassed(piece.length)
    this.#pieces.push(piece)
    this.available += piece.length
  }

  #gather(count: number, scratch: Uint8Array = new Uint8Array(count)): Uint8Array {
    const whole = scratch.subarray(0, count)
    let at = 0
    while (at < count) {
      const part = this.#takeOfFirst(Math.min(count - at, this.#pieces[0]!.length - this.#taken))
      whole.set(part, at)
      at += part.length
    }
    return whole
  }

  #takeOfFirst(count: number): Uint8Array {
    const first = this.#pieces[0]!
    const start = this.#taken
    const end = start + count
    if (end < first.length) this.#taken = end
    else {
      this.#pieces.shift()
      this.#taken = 0
    }
    return start === 0 && end === first.length ? first : first.subarray(start, end)
  }

  /** The next piece, undefined at the end. */
  async #nextPiece(timeoutMs: number): Promise<Uint8Array | undefined> {
    const { label, idleTimeoutMs, signal } = this.#options
    signal?.throwIfAborted()
    const reading = this.#iterator.next().catch((error: unknown) => {
      throw error instanceof JzfsError ? error : closedEarly(label, error)
    })
    const onTimeout = (): Error => tooSlow(label, idleTimeoutMs)
    const result = await withIdleTimeout(reading, { idleTimeoutMs: timeoutMs, onTimeout, signal })
    return result.done === true ? undefined : result.value
  }
}
