import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../block.ts'
import { MAX_PATH_BYTES, MAX_PATH_DEPTH, MAX_TREE_ENTRIES } from '../limits.ts'
import { utf8Length } from '../utf8.ts'
import { treeInvalid } from './tree-invalid.ts'

/** How much of a tree a walk goes through before it takes it for one that unfolds without end. */
export interface WalkLimits extends AbortOptions {
  /** Entries, directories and repetitions included: MAX_TREE_ENTRIES unless given. */
  maxEntries?: number
  /** Bytes of files, repetitions included: no limit unless given. */
  maxBytes?: number
}

/** Counts what a walk passes, by path and by declared size, and stops it with IntegrityError `tree-invalid` at a limit. */
export class WalkBudget {
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #signal: AbortSignal | undefined
  #entries = 0
  #bytes = 0

  constructor(limits: WalkLimits) {
    this.#maxEntries = limits.maxEntries ?? MAX_TREE_ENTRIES
    this.#maxBytes = limits.maxBytes ?? Number.POSITIVE_INFINITY
    this.#signal = limits.signal
  }

  /** Counts one entry of `size` bytes, in the directory `directory`. */
  pass(directory: CID, size: number): void {
    this.#signal?.throwIfAborted()
    this.#entries++
    this.#bytes += size
    if (this.#entries > this.#maxEntries) {
      throw treeInvalid(directory, `the tree unfolds to more than ${this.#maxEntries} entries`)
    }
    if (this.#bytes > this.#maxBytes) {
      throw treeInvalid(directory, `the tree unfolds to more than ${this.#maxBytes} bytes`)
    }
  }

  /** Checks a directory that is about to be entered. */
  enter(directory: CID, path: string, depth: number): void {
    if (depth > MAX_PATH_DEPTH || utf8Length(path) > MAX_PATH_BYTES) {
      throw treeInvalid(
        directory,
        `directories lie deeper than ${MAX_PATH_DEPTH} or paths are over ${MAX_PATH_BYTES} bytes`,
      )
    }
  }
}
