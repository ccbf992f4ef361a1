import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { IntegrityError } from '../../model/errors.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { peelToCommit } from './peel-to-commit.ts'

/**
 * Refuses branches of a remote that are no commits, now that what they name is here. IntegrityError `not-a-commit`
 * (details: `ref`, `cid`).
 */
export async function requireCommits(
  source: BlockSource,
  branches: readonly { source: string; cid: CID }[],
  options: AbortOptions = {},
): Promise<void> {
  for (const { source: ref, cid } of branches) {
    if (!ref.startsWith(BRANCHES)) continue
    const commit = await peelToCommit(source, cid, options)
    if (commit?.equals(cid) === true) continue
    throw new IntegrityError('not-a-commit', `the remote's ${ref} is ${cid.toString()}, which is no commit`, {
      hint: 'do not use it: its owner has to publish it anew',
      details: { ref, cid: cid.toString() },
    })
  }
}
