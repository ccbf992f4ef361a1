import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { parseLinkText } from '../../model/cid-text.ts'
import { type CommitLinks, scanCommit } from '../../model/commit/commit-scan.ts'
import { decodeCommit } from '../../model/commit/commit.ts'

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
   * Reads a commit. Throws what the source throws for a block that is missing or corrupt, and IntegrityError
   * `not-a-commit` or `commit-invalid`.
   */
  load(id: string, options?: AbortOptions): Promise<GraphCommit>
}

/** Makes a graph that reads from `source`. It keeps a few hundred bytes of each commit read. */
export function createCommitGraph(source: BlockSource): CommitGraph {
  const commits = new Map<string, GraphCommit>()
  return {
    loaded: (id) => commits.get(id),
    async load(id, options) {
      const known = commits.get(id)
      if (known !== undefined) return known
      const cid = parseLinkText(id)
      const bytes = await source.get(cid, options)
      const commit: GraphCommit = { id, cid, ...(scanCommit(bytes) ?? decodeLinks(cid, bytes)) }
      commits.set(id, commit)
      return commit
    },
  }
}

/** What the scan does not recognise is an error to be named, or a commit that the scan has no reason to know. */
function decodeLinks(cid: CID, bytes: Uint8Array): CommitLinks {
  const { tree, parents, committer } = decodeCommit(cid, bytes)
  return {
    tree: tree.toString(),
    parents: parents.map(String),
    committedAt: Date.parse(committer.date) / 1000,
  }
}
