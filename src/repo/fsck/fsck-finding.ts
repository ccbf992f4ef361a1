import type { CID } from 'multiformats/cid'

import type { ObjectType } from '../revision/object-type.ts'
import type { VerifyFinding } from '../verify/verify-run.ts'

/** What a check of a repository found. */
export type FsckFinding = ObjectFinding | StoreProblem | RecordFinding | OrphanFinding

/** A block that something needs and that is missing, corrupt or not what it must be. */
export interface ObjectFinding extends VerifyFinding {
  kind: 'object'
  severity: 'error'
  /** Where it belongs, as a revision as far as one leads there: `main:data/a.csv`, `:data/a.csv` for the index. */
  where: string
}

/** A damaged pack, or a damaged copy of a block that nothing needs or that has a sound one elsewhere. */
export interface StoreProblem {
  kind: 'store'
  severity: 'error'
  code: 'block-corrupt' | 'pack-corrupt'
  message: string
  /** The damaged file. */
  path: string
  cid: CID | undefined
  hasSoundCopy: boolean
}

/** A ref, a reflog, HEAD, the index, an operation's entry or what is in progress that cannot be read, or names what is not there. */
export interface RecordFinding {
  kind: 'record'
  /** A warning: nothing that is needed is lost. */
  severity: 'error' | 'warning'
  /** Of the error, or `target-missing`, `reflog-torn`, `not-a-commit`. */
  code: string
  message: string
  /** The file of the record. */
  path: string
  hint?: string | undefined
}

/** A block that nothing leads to: not a fault. */
export interface OrphanFinding {
  kind: 'orphan'
  severity: 'none'
  /** Dangling: no other orphan links it either. */
  code: 'unreachable' | 'dangling'
  cid: CID
  type: ObjectType
}
