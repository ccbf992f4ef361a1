import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { Config } from '../config/config.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import type { Layout } from '../layout.ts'
import type { Refs } from '../refs/refs.ts'
import type { FoundRef } from './find-ref.ts'

/** Where revisions are looked up: a Repository is one. */
export interface RevisionSource {
  store: BlockSource
  refs: Pick<Refs, 'read' | 'list' | 'head' | 'headCommit' | 'log'>
  /** What branches follow, and what the name of a remote means; without it nothing does. */
  config?: Pick<Config, 'get' | 'list'>
  /** Where it stands what is in progress (`MERGE_HEAD`); without it nothing is. */
  layout?: Layout
}

/** What the looking up may need beyond the repository. */
export interface RevisionOptions extends AbortOptions {
  /** The commits read so far; give the one that the command goes on with. */
  graph?: CommitGraph
  /** Finds what an IPNS name stands for: `NAME` of `/ipns/NAME`. */
  resolveName?: (name: string, options: AbortOptions) => Promise<CID>
  /** Finds what is staged at a path; undefined where nothing is. */
  findStaged?: (path: string, stage: number) => Promise<CID | undefined> | CID | undefined
  /** Reads a date as people write it in `main@{2 days ago}`: seconds since 1970. Throws where it is none. */
  readTime?: (text: string) => number
  /** Told of a log that begins only at a date, later than what was asked for. */
  onShortLog?: (ref: string, date: string) => void
  /** Told of a short name that several refs have: git's order decides, and the user may have meant another. */
  onAmbiguous?: (name: string, ref: FoundRef) => void
  /** The directory, from the root of the tree, that `REV:./path` starts from. */
  directory?: string
}
