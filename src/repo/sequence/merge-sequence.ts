import type { CID } from 'multiformats/cid'

import { type Fields, readList, readMap, readText } from '../../model/commit/dag-json-fields.ts'
import { FieldProblem } from '../../model/commit/field-problem.ts'
import { readCid } from './sequence-fields.ts'

/** A merge that waits: for conflicts to be settled, or because `--no-commit` or `--squash` was asked for. */
export interface MergeSequence {
  kind: 'merge'
  /** The commit that HEAD is at, and was when the merge began. */
  before: CID
  /** The other parents of the merge commit, in order. */
  theirs: CID[]
  /** What the commit's message is unless another is given. */
  message: string
  /** The result is committed as an ordinary commit, without the other parents. */
  squash: boolean
}

/** The fields of a merge in `sequence.json`. */
export function mergeDocument({ kind, before, theirs, message, squash }: MergeSequence): Fields {
  return { kind, before: before.toString(), theirs: theirs.map((cid) => cid.toString()), message, squash }
}

/** Reads the fields of a merge strictly: FieldProblem where they are not what `mergeDocument` writes. */
export function readMerge(value: unknown): MergeSequence {
  const fields = readMap('', value, ['kind', 'before', 'theirs', 'message', 'squash'])
  const theirs = readList('theirs', fields['theirs']).map((each, at) => readCid(`theirs.${at}`, each))
  if (theirs.length === 0) throw new FieldProblem('theirs', 'must not be empty')
  if (typeof fields['squash'] !== 'boolean') throw new FieldProblem('squash', 'must be true or false')
  return {
    kind: 'merge',
    before: readCid('before', fields['before']),
    theirs,
    message: readText('message', fields['message']),
    squash: fields['squash'],
  }
}
