import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { DAG_JSON } from '../../model/cid.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { decodeTag } from '../../model/commit/tag.ts'
import type { KnownBlocks } from '../../store/known-blocks.ts'
import { type CommitGraph, createCommitGraph, type GraphCommit } from './commit-graph.ts'
import { type CommitQueue, createCommitQueue } from './commit-queue.ts'

/** The tags and commits that some tips reach: read as far as a question needs it, newest first. */
export interface ReachedCommits {
  /**
   * Whether a tip is, or leads to, this tag or commit: so all that it reaches is here too. Of other objects only tips
   * themselves are known. A block that is not in the store is not looked for.
   */
  has(cid: CID, options?: AbortOptions): Promise<boolean>
}

type Blocks = BlockSource & KnownBlocks

/** What `tips` (of refs, say) reach in a store that has all of it. */
export function createReachedCommits(
  store: Blocks,
  tips: Iterable<CID>,
  graph = createCommitGraph(store),
): ReachedCommits {
  return new LazyReach(store, tips, graph)
}

class LazyReach implements ReachedCommits {
  readonly #store: Blocks
  readonly #graph: CommitGraph
  readonly #reached = new Set<string>()
  readonly #queue: CommitQueue<GraphCommit> = createCommitQueue()
  /** Tips that were not opened yet. */
  #tips: CID[]

  constructor(store: Blocks, tips: Iterable<CID>, graph: CommitGraph) {
    this.#store = store
    this.#graph = graph
    this.#tips = [...tips]
    for (const tip of this.#tips) this.#reached.add(tip.toString())
  }

  async has(cid: CID, options: AbortOptions = {}): Promise<boolean> {
    const id = cid.toString()
    if (this.#reached.has(id)) return true
    if (cid.code !== DAG_JSON || !this.#store.hasDigest(cid.multihash.digest)) return false
    await this.#openTips(options)
    for (let commit = this.#queue.pop(); commit !== undefined; commit = this.#queue.pop()) {
      for (const parent of commit.parents) {
        if (this.#reached.has(parent)) continue
        this.#reached.add(parent)
        await this.#enqueue(parent, options)
      }
      // Whoever asks for one commit asks for others near it: the walk rests here.
      if (this.#reached.has(id)) return true
    }
    return this.#reached.has(id)
  }

  async #openTips(options: AbortOptions): Promise<void> {
    const tips = this.#tips
    this.#tips = []
    const seen = new Set<string>()
    for (const tip of tips) {
      let cid: CID | undefined = tip
      while (cid !== undefined && cid.code === DAG_JSON && !seen.has(cid.toString())) {
        seen.add(cid.toString())
        this.#reached.add(cid.toString())
        cid = await this.#open(cid, options)
      }
    }
  }

  /** Queues a commit; of a tag the object, which is to be opened next. */
  async #open(cid: CID, options: AbortOptions): Promise<CID | undefined> {
    const bytes = this.#store.getSync?.(cid) ?? (await this.#store.get(cid, options))
    if (nodeType(cid, bytes) === 'jzfs/tag/1') return decodeTag(cid, bytes).object
    await this.#enqueue(cid.toString(), options)
    return undefined
  }

  async #enqueue(id: string, options: AbortOptions): Promise<void> {
    options.signal?.throwIfAborted()
    const commit = this.#graph.loaded(id) ?? (await this.#graph.load(id, options))
    this.#queue.push(commit, commit.committedAt)
  }
}
