import type { CID } from 'multiformats/cid'

import { IntegrityError } from '../../model/errors.ts'

/** IntegrityError `block-corrupt` (details: `cid`, `path`): what the file at `path` holds is not what the CID names. */
export function blockCorruptError(cid: CID, path: string): IntegrityError {
  return new IntegrityError('block-corrupt', `block ${cid.toString()} is corrupt in ${path}`, {
    hint: 'add the file it belongs to again, or fetch it again from a peer',
    details: { cid: cid.toString(), path },
  })
}

/** IntegrityError `pack-corrupt` (details: `path`): the pack at `path` is damaged as a whole. */
export function packCorruptError(path: string, what: string, cause?: unknown): IntegrityError {
  return new IntegrityError('pack-corrupt', `damaged pack ${path}: ${what}`, {
    hint: 'run `jzfs verify` to see what is lost, and add or fetch that again',
    cause,
    details: { path },
  })
}
