import { CID } from 'multiformats/cid'

import type { NodeKind } from '../../model/unixfs/node.ts'

/** What the index was before an operation. */
export interface IndexRecord {
  /** The tree of its entries at stage 0. */
  tree: CID
  /** The entries that no tree can hold: stages of conflicts. */
  rest: RecordedEntry[]
  /** What it knew of conflicts beyond them, as JSON documents: the index' own business. */
  notes: readonly object[]
}

/** An entry of the index, without stat data. */
export interface RecordedEntry {
  path: string
  stage: 0 | 1 | 2 | 3
  kind: NodeKind
  cid: CID
  contentCid: CID
  size: number
  tsize: number
}

/** An `IndexRecord` in JSON. */
export interface IndexRecordDocument {
  tree: string
  rest: (Omit<RecordedEntry, 'cid' | 'contentCid'> & { cid: string; contentCid: string })[]
  notes: readonly object[]
}

/** The record as a JSON document. */
export function indexRecordDocument({ tree, rest, notes }: IndexRecord): IndexRecordDocument {
  return {
    tree: tree.toString(),
    rest: rest.map((entry) => ({ ...entry, cid: entry.cid.toString(), contentCid: entry.contentCid.toString() })),
    notes,
  }
}

/** The record of a JSON document. Throws where it holds something else. */
export function indexRecordOf({ tree, rest, notes }: IndexRecordDocument): IndexRecord {
  return {
    tree: CID.parse(tree),
    rest: rest.map((entry) => ({ ...entry, cid: CID.parse(entry.cid), contentCid: CID.parse(entry.contentCid) })),
    notes,
  }
}
