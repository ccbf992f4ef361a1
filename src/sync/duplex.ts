/** Pieces of bytes as they come. */
export interface ByteSource extends AsyncIterable<Uint8Array> {
  /**
   * The next piece where it is here already; undefined where it has to be waited for, or there is none. Not to be called while
   * one is waited for.
   */
  atHand?(): Uint8Array | undefined
}

/**
 * A two-way stream of bytes to one peer: a libp2p stream, an HTTP request with its response, or two ends in memory.
 *
 * Pieces have no meaning: a reader may see them cut or joined. A piece belongs to whoever received it; whoever sends one
 * does not change it afterwards.
 */
export interface ByteDuplex {
  /** What the other side sent, until it closed its writing end. Throws when the stream broke. Read once. */
  readonly source: ByteSource
  /** Resolves when more may be sent: awaiting it is the backpressure. Rejects when the stream broke. */
  send(bytes: Uint8Array): Promise<void>
  /** Says that nothing more is sent; `source` stays readable. */
  closeWrite(): Promise<void>
  /** Breaks both directions at once. The other side sees an error or an early end. Calling it again does nothing. */
  abort(error: Error): void
}
