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
  /**
   * Resolves when more may be sent; undefined where the block only waits here for others: then there is nothing to await. Rejects
   * when the stream broke.
   */
  send(block: Block): Promise<void> | undefined
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

  send(block: Block): Promise<void> | undefined {
    const { cid, bytes } = block
    const size = sectionSize(cid.bytes.length, bytes.length)
    this.bytes += size
    countPassed(size)
    if (bytes.length >= LARGE_BLOCK_BYTES) return this.#sendLarge(block, size - bytes.length)
    if (this.#end + size > this.#piece.length) return this.#sendAfterFlush(block)
    this.#append(block)
    return undefined
  }

  async #sendLarge(block: Block, startSize: number): Promise<void> {
    const { cid, bytes } = block
    if (this.#end + startSize > this.#piece.length) await this.flush()
    this.#end = writeSectionStart(this.#piece, this.#end, cid.bytes, bytes.length)
    await this.flush()
    await this.#send(bytes)
  }

  async #sendAfterFlush(block: Block): Promise<void> {
    // At least half a piece is free after a flush: room for any section that is not large.
    await this.flush()
    this.#append(block)
  }

  #append({ cid, bytes }: Block): void {
    const start = writeSectionStart(this.#piece, this.#end, cid.bytes, bytes.length)
    this.#piece.set(bytes, start)
    this.#end = start + bytes.length
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
