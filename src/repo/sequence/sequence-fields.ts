import { CID } from 'multiformats/cid'

import { readText } from '../../model/commit/dag-json-fields.ts'
import { FieldProblem } from '../../model/commit/field-problem.ts'

/** Takes a parsed value for the text of a CID. */
export function readCid(at: string, value: unknown): CID {
  try {
    return CID.parse(readText(at, value))
  } catch {
    throw new FieldProblem(at, 'must be a CID')
  }
}
