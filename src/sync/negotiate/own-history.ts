import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { IntegrityError } from '../../model/errors.ts'
import type { CommitGraph, GraphCommit } from '../../repo/history/commit-graph.ts'
import { createCommitQueue } from '../../repo/history/commit-queue.ts'

/** Our commits, read newest first as far as they are needed, and which of them another node has. */
export interface OwnHistory {
  /** Commits read of which is not known yet whether the other has them, newest first. */
  open(): GraphCommit[]
  /** Whether commits are left to be read that may be news to either side. */
  readonly hasMore: boolean
  /** Whether a commit was read. */
  has(id: string): boolean
  /** Reads on, at most so many commits. What lies below a commit that the other has is left out. */
  read(count: number, options?: AbortOptions): Promise<void>
  /** The other has a commit, and so all that it reaches. It need not have been read. */
  markKnown(id: string): void
  /** The other has not a commit, and so none that reaches it. */
  markUnknown(id: string): void
  /** What the other has of what was read, without what a later one of them reaches, newest first. */
  known(): GraphCommit[]
}

/** The history of some tips, nothing of it read. What is no commit among them is passed over. */
export function createOwnHistory(graph: CommitGraph, tips: Iterable<CID>): OwnHistory {
  return new LazyHistory(graph, tips)
}

class LazyHistory implements OwnHistory {
  readonly #graph: CommitGraph
  readonly #read = new Map<string, GraphCommit>()
  readonly #children = new Map<string, string[]>()
  readonly #known = new Set<string>()
  readonly #unknown = new Set<string>()
  readonly #waiting: string[]
  readonly #seen: Set<string>
  readonly #queue = createCommitQueue<GraphCommit>()

  constructor(graph: CommitGraph, tips: Iterable<CID>) {
    this.#graph = graph
    this.#seen = new Set([...tips].map(String))
    this.#waiting = [...this.#seen]
  }

  get hasMore(): boolean {
    return this.#waiting.length > 0 || this.#queue.size > 0
  }

  open(): GraphCommit[] {
    return [...this.#read.values()].filter(({ id }) => !this.#known.has(id) && !this.#unknown.has(id))
  }

  has(id: string): boolean {
    return this.#read.has(id)
  }

  async read(count: number, options: AbortOptions = {}): Promise<void> {
    for (let id = this.#waiting.pop(); id !== undefined; id = this.#waiting.pop()) {
      await this.#enqueue(id, options).catch((error: unknown) => {
        // A tag or a tree: it has no place in the history.
        if (!(error instanceof IntegrityError) || error.code !== 'not-a-commit') throw error
      })
    }
    for (let left = count; left > 0; left--) {
      const commit = this.#queue.pop()
      if (commit === undefined) return
      this.#add(commit)
      if (this.#known.has(commit.id)) continue
      for (const parent of commit.parents) {
        if (this.#seen.has(parent)) continue
        this.#seen.add(parent)
        await this.#enqueue(parent, options)
      }
    }
  }

  markKnown(id: string): void {
    const waiting = [id]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (this.#known.has(next)) continue
      this.#known.add(next)
      waiting.push(...(this.#read.get(next)?.parents ?? []))
    }
  }

  markUnknown(id: string): void {
    const waiting = [id]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (this.#unknown.has(next)) continue
      this.#unknown.add(next)
      waiting.push(...(this.#children.get(next) ?? []))
    }
  }

  known(): GraphCommit[] {
    const known = [...this.#read.values()].filter(({ id }) => this.#known.has(id))
    const below = new Set(known.flatMap(({ parents }) => parents))
    return known.filter(({ id }) => !below.has(id)).sort((a, b) => b.committedAt - a.committedAt)
  }

  async #enqueue(id: string, options: AbortOptions): Promise<void> {
    options.signal?.throwIfAborted()
    const commit = this.#graph.loaded(id) ?? (await this.#graph.load(id, options))
    this.#queue.push(commit, commit.committedAt)
  }

  #add(commit: GraphCommit): void {
    const { id, parents } = commit
    this.#read.set(id, commit)
    for (const parent of parents) {
      const children = this.#children.get(parent)
      if (children === undefined) this.#children.set(parent, [id])
      else children.push(id)
      if (this.#unknown.has(parent)) this.markUnknown(id)
    }
    if (!this.#known.has(id)) return
    for (const parent of parents) this.markKnown(parent)
  }
}
