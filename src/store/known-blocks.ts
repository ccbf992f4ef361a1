/** What a writer asks before it stores a block. */
export interface KnownBlocks {
  /**
   * Whether a sound block with this sha2-256 digest (32 bytes) is in a pack already, so that storing it again would
   * only cost space. Synchronous and fast: the hot path of `add`. False is always safe to say.
   */
  hasDigest(digest: Uint8Array): boolean
}
