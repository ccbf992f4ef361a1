import type { Block } from '../../model/block.ts'
import { sectionSize, writeSectionStart } from '../../store/pack/pack-format.ts'
import type { ByteDuplex } from '../duplex.ts'
import { countPassed } from './passed-buffers.ts'

/** Small sections are joined to pieces of this size. */
const PIECE_BYTES = 262_144

/** A block from this size on is sent as it is, not copied. */
const LARGE_BLOCK_BYTES = 65_536

/** Sends CAR sections in pieces of a good size for any carrier. */
export interface SectionSender {
  /** Bytes given to the stream or waiting here. */
  readonly bytes: number
  /** Resolves when more may be sent. Rejects when the stream broke. */
  send(block: Block): Promise<void>
  /** Sends what is left. */
  flush(): Promise<void>
}

/** Sends through `send`, which is the duplex's own or one that gives up after a while. */
export function createSectionSender(send: ByteDuplex['send']): SectionSender {
  return new PieceSender(send)
}

class PieceSender implements SectionSender {
  bytes = 0
  readonly #send: ByteDuplex['send']
  #piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  #end = 0

  constructor(send: ByteDuplex['send']) {
    this.#send = send
  }

  async send({ cid, bytes }: Block): Promise<void> {
    const size = sectionSize(cid.bytes.length, bytes.length)
    this.bytes += size
    countPassed(size)
    const isLarge = bytes.length >= LARGE_BLOCK_BYTES
    // At least half a piece is free after a flush: room for any section that is not large.
    if (this.#end + (isLarge ? size - bytes.length : size) > this.#piece.length) await this.flush()
    this.#end = writeSectionStart(this.#piece, this.#end, cid.bytes, bytes.length)
    if (isLarge) {
      await this.flush()
      await this.#send(bytes)
    } else {
      this.#piece.set(bytes, this.#end)
      this.#end += bytes.length
    }
  }

  async flush(): Promise<void> {
    if (this.#end === 0) return
    const piece = this.#piece.subarray(0, this.#end)
    // What was sent is the stream's and is never written to again; the rest of it is used where it is worth it.
    const isMostlyFree = this.#piece.length - this.#end >= PIECE_BYTES / 2
    this.#piece = isMostlyFree ? this.#piece.subarray(this.#end) : Buffer.allocUnsafeSlow(PIECE_BYTES)
    this.#end = 0
    await this.#send(piece)
  }
}
