import { setImmediate } from 'node:timers/promises'

import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { IntegrityError, NotFoundError } from '../../model/errors.ts'
import { treeInvalid } from '../../model/tree/tree-invalid.ts'
import { createNumberByDigest, type NumberByDigest } from './number-by-digest.ts'

/** Where a block belongs. */
export interface VerifyPlace {
  /** The revision from which it was reached first, as it was given. */
  revision: string
  /** The commit whose tree it is in, or which it is. */
  commit: CID | undefined
  /** The path in the tree: '' is its root; undefined for what is not in a tree. */
  path: string | undefined
  /** Of a commit that was reached as a parent: the commit whose parent it is. */
  parentOf?: CID
}

/** Something that is missing, corrupt or not what it must be. */
export interface VerifyFinding extends VerifyPlace {
  /** Of the error: `block-missing`, `block-corrupt`, `pack-corrupt`, `tree-invalid`, `commit-invalid`, `not-a-commit` and the like. */
  code: string
  /** The block that is to blame. */
  cid: CID
  message: string
}

/** How far a verification is. */
export interface VerifyProgress {
  commits: number
  tags: number
  /** Files, executables and symlinks, each content once. */
  files: number
  directories: number
  /** Blocks hashed, each once. */
  blocks: number
  bytes: number
  findings: number
}

/** Options of a verification. */
export interface VerifyOptions extends AbortOptions {
  /** Called now and then, and with the totals at the end. */
  onProgress?: (progress: VerifyProgress) => void
  /** Says whether a leaf is there: with it, leaves are not read, and the lengths that links declare are believed. */
  isThere?: (cid: CID) => Promise<boolean>
}

/** Blocks between two reports of progress. */
const BLOCKS_PER_REPORT = 256

/** A block that could not be read or is not right: its number says nothing. */
export const BAD = -1

/** Numbers from here down: of leaves that are known to be sound and were not met yet; -2 is an empty one. */
const EXPECTED = -2

/** What one verification knows: its findings so far, and which blocks it has seen, with the number that links declare. */
export class VerifyRun {
  /** Lengths of raw blocks. */
  readonly leaves: NumberByDigest = createNumberByDigest()
  /** Tsizes of entries of directories that are dag-pb nodes. */
  readonly nodes: NumberByDigest = createNumberByDigest()
  /** Bytes of the file in and below its inner nodes. */
  readonly fileParts: NumberByDigest = createNumberByDigest()
  /** The slots that lead to a shard below the first. */
  readonly shards: NumberByDigest = createNumberByDigest()
  /** Commits and tags. */
  readonly roots: NumberByDigest = createNumberByDigest()
  readonly progress: VerifyProgress = {
    commits: 0,
    tags: 0,
    files: 0,
    directories: 0,
    blocks: 0,
    bytes: 0,
    findings: 0,
  }
  /** What is missing is no finding from now on: of roots that need not be there whole. */
  isTolerant = false
  #findings: VerifyFinding[] = []
  readonly #store: BlockSource
  readonly #options: VerifyOptions

  constructor(store: BlockSource, options: VerifyOptions) {
    this.#store = store
    this.#options = options
  }

  /** Reads a block, which the store verifies. */
  async read(cid: CID): Promise<Uint8Array> {
    const { signal, onProgress } = this.#options
    signal?.throwIfAborted()
    const bytes = await this.#store.get(cid, { signal })
    this.progress.bytes += bytes.length
    if (++this.progress.blocks % BLOCKS_PER_REPORT === 0) {
      onProgress?.({ ...this.progress })
      // Reads of packs are synchronous: signals and timers get their turn here.
      await setImmediate()
    }
    return bytes
  }

  /** Says that a raw block of this length is there and sound: it will not be read again. */
  expectLeaf(digest: Uint8Array, size: number): void {
    if (this.leaves.get(digest) === undefined) this.leaves.set(digest, EXPECTED - size)
  }

  /** Whether a leaf was met on the way from a root. */
  isLeafMet(digest: Uint8Array): boolean {
    return (this.leaves.get(digest) ?? EXPECTED) > EXPECTED
  }

  /** Whether a block was met on the way from a root, whatever it is. */
  isMet(digest: Uint8Array): boolean {
    if (this.isLeafMet(digest)) return true
    return [this.nodes, this.fileParts, this.shards, this.roots].some((each) => each.get(digest) !== undefined)
  }

  /** Reads a raw block, the first time, and compares its length with what is declared. */
  async readLeaf(cid: CID, declaredSize: number | undefined, place: VerifyPlace): Promise<void> {
    const { digest } = cid.multihash
    const known = this.leaves.get(digest)
    const isMet = known !== undefined && known > EXPECTED
    let size = isMet ? known : BAD
    await this.attempt(cid, place, async () => {
      if (!isMet) {
        this.leaves.set(digest, BAD)
        size = await this.#leafSize(cid, known, declaredSize)
        this.leaves.set(digest, size)
      }
      if (size !== BAD && declaredSize !== undefined && size !== declaredSize) {
        throw treeInvalid(cid, `its link says ${declaredSize} bytes, it has ${size}`)
      }
    })
  }

  async #leafSize(cid: CID, expected: number | undefined, declaredSize = 0): Promise<number> {
    const isCounted = expected !== undefined || (await this.#options.isThere?.(cid)) === true
    if (!isCounted) return (await this.read(cid)).length
    const size = expected === undefined ? declaredSize : EXPECTED - expected
    this.progress.blocks++
    this.progress.bytes += size
    return size
  }

  /** Does something with a block; what is wrong with it becomes a finding. */
  async attempt(cid: CID, place: VerifyPlace, action: () => void | Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      if (!(error instanceof IntegrityError) && !(error instanceof NotFoundError)) throw error
      if (this.isTolerant && error instanceof NotFoundError) return
      const { code, message } = error
      this.progress.findings++
      this.#findings.push({ code, cid, message, ...place })
    }
  }

  /** The findings since the last call. */
  take(): VerifyFinding[] {
    if (this.#findings.length === 0) return NOTHING
    const findings = this.#findings
    this.#findings = []
    return findings
  }

  /** Reports the totals. */
  finish(): VerifyProgress {
    this.#options.onProgress?.({ ...this.progress })
    return { ...this.progress }
  }
}

const NOTHING: VerifyFinding[] = []
