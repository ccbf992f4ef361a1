import { CID } from 'multiformats/cid'

import type { Block, BlockSink, BlockSource } from '../../src/model/block.ts'
import { NotFoundError } from '../../src/model/errors.ts'

/** Blocks in memory, which count how often they are read. */
export class MemoryBlocks implements BlockSource, BlockSink {
  readonly #blocks = new Map<string, Uint8Array>()
  reads = 0

  put(block: Block): void {
    this.#blocks.set(block.cid.toString(), block.bytes)
  }

  putAll(blocks: Iterable<Block>): void {
    for (const block of blocks) {
      this.put(block)
    }
  }

  /** What is there at once: nothing, but for a source that is asked for it by `atOnce`. */
  atOnce(): BlockSource {
    const getSync = (cid: CID) => {
      this.reads++
      return this.#blocks.get(cid.toString())
    }
    return { get: (cid) => this.get(cid), getSync }
  }

  /** All of them, in the order in which they came. */
  *all(): Generator<Block> {
    for (const [cid, bytes] of this.#blocks) yield { cid: CID.parse(cid), bytes }
  }

  async get(cid: CID): Promise<Uint8Array> {
    this.reads++
    const bytes = this.#blocks.get(cid.toString())
    if (bytes === undefined) {
      throw new NotFoundError('block-missing', `${cid.toString()} is not there.`, { details: { cid: cid.toString() } })
    }
    return bytes
  }
}
