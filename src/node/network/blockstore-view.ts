import type { Blockstore, InputPair, Pair } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'

/** The three things that Bitswap asks of a blockstore. */
export interface BlockView {
  has(cid: CID, options?: AbortOptions): Promise<boolean>
  /** The bytes of a block that `has` said is there; undefined where it is not after all. */
  get(cid: CID, options?: AbortOptions): Promise<Uint8Array | undefined>
  put(cid: CID, bytes: Uint8Array, options?: AbortOptions): Promise<void>
}

/** Keeps nothing and has nothing: what Bitswap fetches goes to whoever asked, and nowhere else. */
export const FORGETFUL_VIEW: BlockView = {
  has: async () => false,
  get: async () => undefined,
  put: async () => undefined,
}

/** A view as the Blockstore (interface-blockstore) that Helia wants. It cannot be listed, and nothing can be deleted. */
export function createBlockstoreView(view: BlockView): Blockstore {
  return new BlockstoreView(view)
}

class BlockstoreView implements Blockstore {
  readonly #view: BlockView

  constructor(view: BlockView) {
    this.#view = view
  }

  has(cid: CID, options?: AbortOptions): Promise<boolean> {
    return this.#view.has(cid, options)
  }

  async *get(cid: CID, options?: AbortOptions): AsyncGenerator<Uint8Array> {
    const bytes = await this.#view.get(cid, options)
    if (bytes === undefined) throw notFound(cid)
    yield bytes
  }

  async *getMany(cids: Iterable<CID> | AsyncIterable<CID>, options?: AbortOptions): AsyncGenerator<Pair> {
    for await (const cid of cids) yield { cid, bytes: this.get(cid, options) }
  }

  async put(cid: CID, bytes: InputPair['bytes'], options?: AbortOptions): Promise<CID> {
    await this.#view.put(
      cid,
      bytes instanceof Uint8Array ? bytes : Buffer.concat(await Array.fromAsync(bytes)),
      options,
    )
    return cid
  }

  async *putMany(pairs: Iterable<InputPair> | AsyncIterable<InputPair>, options?: AbortOptions): AsyncGenerator<CID> {
    for await (const { cid, bytes } of pairs) yield await this.put(cid, bytes, options)
  }

  async delete(cid: CID): Promise<void> {
    throw new TypeError(`a view deletes nothing: ${cid.toString()}`)
  }

  // eslint-disable-next-line require-yield
  async *deleteMany(cids: Iterable<CID> | AsyncIterable<CID>): AsyncGenerator<CID> {
    for await (const cid of cids) await this.delete(cid)
  }

  // eslint-disable-next-line require-yield
  async *getAll(): AsyncGenerator<Pair> {
    throw new TypeError('a view cannot be listed')
  }
}

/** Bitswap's server goes by this name: on any other error it stops answering that peer. */
function notFound(cid: CID): Error {
  return Object.assign(new Error(`no block ${cid.toString()} here`), { name: 'NotFoundError' })
}
