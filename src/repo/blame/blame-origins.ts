import type { GraphCommit } from '../history/commit-graph.ts'
import { createCommitQueue } from '../history/commit-queue.ts'
import type { FileVersion } from './file-versions.ts'
import type { LineSpan } from './line-spans.ts'

/** A file of a commit that lines may come from. */
export interface BlameOrigin {
  readonly commit: GraphCommit
  readonly path: string
  readonly version: FileVersion
  /** Lines that are there, of which it is not known yet whether a parent had them. */
  pending: LineSpan[]
  /** The version before, if it was compared with one. */
  previous: BlameOrigin | undefined
}

/** The origins met so far, and those with lines pending, newest commit first. */
export interface BlameOrigins {
  get(commit: GraphCommit, path: string, version: FileVersion): BlameOrigin
  /** Adds lines to an origin, and queues it. The list may become the origin's own. */
  add(origin: BlameOrigin, spans: LineSpan[]): void
  /** An origin with lines pending, which are not any more; undefined where none is left. */
  next(): { origin: BlameOrigin; spans: LineSpan[] } | undefined
}

/** Makes an empty collection. */
export function createBlameOrigins(): BlameOrigins {
  const known = new Map<string, BlameOrigin>()
  const queue = createCommitQueue<BlameOrigin>()
  return {
    get(commit, path, version) {
      const key = `${commit.id}/${path}`
      const origin = known.get(key) ?? { commit, path, version, pending: [], previous: undefined }
      known.set(key, origin)
      return origin
    },
    add(origin, spans) {
      if (spans.length === 0) return
      if (origin.pending.length === 0) queue.push(origin, origin.commit.committedAt)
      if (origin.pending.length === 0) origin.pending = spans
      else for (const span of spans) origin.pending.push(span)
    },
    next() {
      const origin = queue.pop()
      if (origin === undefined) return undefined
      const spans = origin.pending
      origin.pending = []
      return { origin, spans }
    },
  }
}
