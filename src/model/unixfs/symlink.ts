import type { CID } from 'multiformats/cid'

import type { Block } from '../block.ts'
import { DAG_PB, cidOf } from '../cid.ts'
import { InvalidError } from '../errors.ts'
import { MAX_TARGET_BYTES } from '../limits.ts'
import { encodeNode } from './dag-pb.ts'
import { UNIXFS_SYMLINK, encodeUnixfs } from './unixfs-data.ts'

/** A symlink that was built. */
export interface BuiltSymlink {
  cid: CID
  tsize: number
  block: Block
}

/**
 * Builds a symlink: a UnixFS node of type Symlink whose data is the target, byte for byte.
 *
 * The target is 1 to MAX_TARGET_BYTES bytes of UTF-8 without NUL, or InvalidError `symlink-target-invalid`.
 */
export function buildSymlink(target: string): BuiltSymlink {
  const problem = targetProblem(target)
  if (problem !== undefined) {
    throw new InvalidError('symlink-target-invalid', `a symlink cannot lead to ${JSON.stringify(target)}: ${problem}`, {
      hint: 'give the symlink another target, or leave it out',
      details: { target },
    })
  }
  const bytes = encodeNode([], encodeUnixfs({ type: UNIXFS_SYMLINK, data: Buffer.from(target) }))
  const cid = cidOf(DAG_PB, bytes)
  return { cid, tsize: bytes.length, block: { cid, bytes } }
}

/** What is wrong with a symlink's target, as the end of a sentence; undefined for one that may be. */
export function targetProblem(target: string): string | undefined {
  if (target === '') {
    return 'it is empty'
  }
  if (target.includes('\0')) {
    return 'it contains a NUL character'
  }
  if (!target.isWellFormed()) {
    return 'it is not valid Unicode'
  }
  return Buffer.byteLength(target) > MAX_TARGET_BYTES ? `it is longer than ${MAX_TARGET_BYTES} bytes` : undefined
}
