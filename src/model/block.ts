import type { CID } from 'multiformats/cid'

/** A block: bytes and the CID that names them. */
export interface Block {
  cid: CID
  bytes: Uint8Array
}

/** What may be passed, last, to everything that can take long. */
export interface AbortOptions {
  signal?: AbortSignal | undefined
}

/**
 * Where blocks are read from. Bytes it returns match their CID: a source that gets them from outside verifies first.
 *
 * Throws NotFoundError `block-missing` (details: `cid`) where the block is not there, and IntegrityError
 * `block-corrupt` (details: `cid`) where what is there is not what the CID names.
 */
export interface BlockSource {
  get(cid: CID, options?: AbortOptions): Promise<Uint8Array>
  /** The block at once, for hot paths; undefined where `get` has to be asked. */
  getSync?(cid: CID): Uint8Array | undefined
}

/** Where blocks are written to. A block that is already there may be dropped. */
export interface BlockSink {
  put(block: Block): void | Promise<void>
}
