/** A file to search. */
export interface SearchedFile {
  /** From the top of the tree. */
  path: string
  /** Its bytes, in pieces. */
  content(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** To be set, before the next file is taken, where nothing came of it: then equal content need not be searched again. */
  isSilent: boolean
}
