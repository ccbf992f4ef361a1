import { JzfsError } from '../../model/errors.ts'
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
  /** The byte `offset` bytes ahead, which must be available. */
  peek(offset: number): number
  /**
   * Takes `count` bytes, which must be available: a view of a piece where they stand in one, else a copy. With `scratch`,
   * which is long enough, the copy is made there: it is true until `scratch` is used again.
   */
  take(count: number, scratch?: Uint8Array): Uint8Array
}

/** Reads `source` as bytes. */
export function createByteReader(source: AsyncIterable<Uint8Array>, options: ByteReaderOptions): ByteReader {
  return new PieceReader(source[Symbol.asyncIterator](), options)
}

class PieceReader implements ByteReader {
  available = 0
  readonly #iterator: AsyncIterator<Uint8Array>
  readonly #options: ByteReaderOptions
  readonly #pieces: Uint8Array[] = []
  #isEnded = false

  constructor(iterator: AsyncIterator<Uint8Array>, options: ByteReaderOptions) {
    this.#iterator = iterator
    this.#options = options
  }

  async fill(count: number): Promise<boolean> {
    if (this.available >= count) return true
    const deadline = performance.now() + this.#options.idleTimeoutMs
    while (this.available < count && !this.#isEnded) {
      const piece = await this.#nextPiece(deadline - performance.now())
      if (piece === undefined) this.#isEnded = true
      else if (piece.length > 0) {
        countPassed(piece.length)
        this.#pieces.push(piece)
        this.available += piece.length
      }
    }
    return this.available >= count
  }

  peek(offset: number): number {
    let rest = offset
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
    if (first.length > count) {
      this.#pieces[0] = first.subarray(count)
      return first.subarray(0, count)
    }
    return first.length === count ? this.#pieces.shift()! : this.#gather(count, scratch)
  }

  #gather(count: number, scratch: Uint8Array = new Uint8Array(count)): Uint8Array {
    const whole = scratch.subarray(0, count)
    let at = 0
    while (at < count) {
      const piece = this.#pieces.shift()!
      const part = piece.subarray(0, count - at)
      whole.set(part, at)
      at += part.length
      if (part.length < piece.length) this.#pieces.unshift(piece.subarray(part.length))
    }
    return whole
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
