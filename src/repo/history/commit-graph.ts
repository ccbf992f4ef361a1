import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { parseLinkText } from '../../model/cid-text.ts'
import { type CommitLinks, scanCommit } from '../../model/commit/commit-scan.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { type PlainCommit, readPlainCommit } from '../../model/commit/plain-commit.ts'

/** A commit as a walk sees it. Links are CID texts: version 1 in base32, as the commit holds them. */
export interface GraphCommit extends Readonly<CommitLinks> {
  /** The commit's CID as text. */
  readonly id: string
  readonly cid: CID
}

/** The commits of a store by their text CIDs, each read once: share one between walks over the same history. */
export interface CommitGraph {
  /** The commit if it was read before. */
  loaded(id: string): GraphCommit | undefined
  /**
   * Reads a commit: at once where the source can, for a promise for each of many thousand commits takes its time. Throws what
   * the source throws for a block that is missing or corrupt, and IntegrityError `not-a-commit` or `commit-invalid`.
   */
  load(id: string, options?: AbortOptions): GraphCommit | Promise<GraphCommit>
  /** Reads all of a commit, to show it; at once where that can be. Throws as `load`. */
  read(id: string, options?: AbortOptions): PlainCommit | Promise<PlainCommit>
}

/** Commits whose bytes are kept from the walk until they are shown. */
const MAX_KEPT = 16_384
const MAX_KEPT_BYTES = 8 << 20

/** Makes a graph that reads from `source`. It keeps a few hundred bytes of each commit read. */
export function createCommitGraph(source: BlockSource): CommitGraph {
  return new SourceGraph(source)
}

class SourceGraph implements CommitGraph {
  readonly #source: BlockSource
  readonly #commits = new Map<string, LoadedCommit>()
  /** What is kept of commits that were walked over, and may be asked for. */
  #kept = 0
  #keptBytes = 0
  #lastRead: { id: string; commit: PlainCommit } | undefined

  constructor(source: BlockSource) {
    this.#source = source
  }

  loaded(id: string): GraphCommit | undefined {
    return this.#commits.get(id)
  }

  load(id: string, options?: AbortOptions): GraphCommit | Promise<GraphCommit> {
    const known = this.#commits.get(id)
    if (known !== undefined) return known
    const cid = parseLinkText(id)
    const bytes = this.#source.getSync?.(cid)
    if (bytes !== undefined) return this.#loadFrom(id, cid, bytes)
    return this.#source.get(cid, options).then((got) => this.#loadFrom(id, cid, got))
  }

  read(id: string, options?: AbortOptions): PlainCommit | Promise<PlainCommit> {
    // Whoever looks for commits reads one, and has it shown.
    if (this.#lastRead?.id === id) return this.#lastRead.commit
    const known = this.#commits.get(id)
    const bytes = (known && this.#takeKept(known)) ?? this.#source.getSync?.(parseLinkText(id))
    if (bytes !== undefined) return this.#readFrom(id, bytes, known)
    return this.#source.get(parseLinkText(id), options).then((got) => this.#readFrom(id, got, known))
  }

  #loadFrom(id: string, cid: CID, bytes: Uint8Array): GraphCommit {
    const commit = new LoadedCommit(id, scanCommit(bytes) ?? decodeLinks(cid, bytes))
    this.#commits.set(id, commit)
    this.#keep(commit, bytes)
    return commit
  }

  #readFrom(id: string, bytes: Uint8Array, known: LoadedCommit | undefined): PlainCommit {
    const commit = readPlainCommit(id, bytes, known)
    this.#lastRead = { id, commit }
    return commit
  }

  #takeKept(commit: LoadedCommit): Uint8Array | undefined {
    const { bytes } = commit
    if (bytes === undefined) return undefined
    commit.bytes = undefined
    this.#kept--
    this.#keptBytes -= bytes.length
    return bytes
  }

  /** The first ones are kept, not the last: a walk that sorts reads all before the first is shown. */
  #keep(commit: LoadedCommit, bytes: Uint8Array): void {
    if (this.#kept >= MAX_KEPT || this.#keptBytes + bytes.length > MAX_KEPT_BYTES) return
    commit.bytes = bytes
    this.#kept++
    this.#keptBytes += bytes.length
  }
}

/** The CID is made when it is asked for: a walk over many thousand commits needs few. */
class LoadedCommit implements GraphCommit {
  readonly id: string
  readonly tree: string
  readonly parents: string[]
  readonly committedAt: number
  readonly authoredAt: number
  /** What was read, where it is kept. */
  bytes: Uint8Array | undefined = undefined

  constructor(id: string, { tree, parents, committedAt, authoredAt }: CommitLinks) {
    this.id = id
    this.tree = tree
    this.parents = parents
    this.committedAt = committedAt
    this.authoredAt = authoredAt
  }

  get cid(): CID {
    return parseLinkText(this.id)
  }
}

/** What the scan does not recognise is an error to be named, or a commit that the scan has no reason to know. */
function decodeLinks(cid: CID, bytes: Uint8Array): CommitLinks {
  const { tree, parents, author, committer } = decodeCommit(cid, bytes)
  return {
    tree: tree.toString(),
    parents: parents.map(String),
    committedAt: Date.parse(committer.date) / 1000,
    authoredAt: Date.parse(author.date) / 1000,
  }
}
