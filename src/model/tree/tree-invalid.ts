import type { CID } from 'multiformats/cid'

import { IntegrityError } from '../errors.ts'

/**
 * The error for a block of a tree that is not what it must be: IntegrityError `tree-invalid`, naming the block's CID
 * and, where one is to blame, the entry (details: `cid`, `entry`).
 */
export function treeInvalid(cid: CID, problem: string, entry?: string): IntegrityError {
  const where = entry === undefined ? cid.toString() : `${cid.toString()}, entry ${JSON.stringify(entry)}`
  return new IntegrityError('tree-invalid', `not a valid tree: ${where}: ${problem}`, {
    hint: 'do not use this tree; ask whoever made it for a valid one',
    details: entry === undefined ? { cid: cid.toString() } : { cid: cid.toString(), entry },
  })
}
