import type { Blockstore, InputPair, Pair } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../model/block.ts'
import { IntegrityError } from '../model/errors.ts'
import { MAX_SECTION_SIZE } from './pack/pack-format.ts'
import type { Store } from './store.ts'

/**
 * The store as a Blockstore (interface-blockstore), for Helia, Bitswap, exporters and gateways.
 *
 * What is put becomes a loose block, verified first. What is deleted is the loose copy: blocks in packs stay, and only
 * collecting garbage removes them. `get` and `getMany` throw what `Store.get` throws.
 */
export function createBlockstore(store: Store): Blockstore {
  return new StoreView(store)
}

class StoreView implements Blockstore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async put(cid: CID, bytes: InputPair['bytes'], options: AbortOptions = {}): Promise<CID> {
    options.signal?.throwIfAborted()
    await this.#store.put({ cid, bytes: await collect(cid, bytes, options) }, options)
    return cid
  }

  async *putMany(
    source: Iterable<InputPair> | AsyncIterable<InputPair>,
    options: AbortOptions = {},
  ): AsyncGenerator<CID> {
    for await (const { cid, bytes } of source) yield await this.put(cid, bytes, options)
  }

  async *get(cid: CID, options: AbortOptions = {}): AsyncGenerator<Uint8Array> {
    yield await this.#store.get(cid, options)
  }

  async *getMany(source: Iterable<CID> | AsyncIterable<CID>, options: AbortOptions = {}): AsyncGenerator<Pair> {
    for await (const cid of source) {
      options.signal?.throwIfAborted()
      yield { cid, bytes: this.get(cid, options) }
    }
  }

  async *getAll(options: AbortOptions = {}): AsyncGenerator<Pair> {
    for await (const cid of this.#store.cids(options)) yield { cid, bytes: this.get(cid, options) }
  }

  has(cid: CID, options: AbortOptions = {}): Promise<boolean> {
    return this.#store.has(cid, options)
  }

  async delete(cid: CID, options: AbortOptions = {}): Promise<void> {
    await this.#store.deleteLoose(cid, options)
  }

  async *deleteMany(source: Iterable<CID> | AsyncIterable<CID>, options: AbortOptions = {}): AsyncGenerator<CID> {
    for await (const cid of source) {
      await this.delete(cid, options)
      yield cid
    }
  }
}

async function collect(cid: CID, bytes: InputPair['bytes'], options: AbortOptions): Promise<Uint8Array> {
  if (bytes instanceof Uint8Array) return bytes
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of bytes) {
    options.signal?.throwIfAborted()
    pieces.push(piece)
    size += piece.length
    if (size > MAX_SECTION_SIZE) throw new IntegrityError('block-too-large', `block ${cid.toString()} is too large`)
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, size)
}
