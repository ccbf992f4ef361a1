import type { CID } from 'multiformats/cid'

import type { Repository } from '../repository.ts'
import type { ReplaySequence } from './replay-sequence.ts'
import { readSequence } from './sequence.ts'

const REPLAYS: Readonly<Record<string, ReplaySequence['kind']>> = {
  CHERRY_PICK_HEAD: 'cherry-pick',
  REVERT_HEAD: 'revert',
  REBASE_HEAD: 'rebase',
}

/** Whether a name is that of a commit at which something waits for its user: `MERGE_HEAD`, `CHERRY_PICK_HEAD` and the like. */
export function isSequenceHead(name: string): boolean {
  return name === 'MERGE_HEAD' || Object.hasOwn(REPLAYS, name)
}

/**
 * What such a name names while there is something in progress, by git's rules: a merge that is squashed has none, nor has a
 * cherry-pick that makes no commit. Throws what `readSequence` throws.
 */
export function readSequenceHead(repository: Pick<Repository, 'layout'>, name: string): CID | undefined {
  const sequence = readSequence(repository)
  if (sequence === undefined) return undefined
  if (sequence.kind === 'merge') return name === 'MERGE_HEAD' && !sequence.squash ? sequence.theirs[0] : undefined
  const isLoose = sequence.kind === 'cherry-pick' && sequence.options.noCommit
  return REPLAYS[name] === sequence.kind && !isLoose ? sequence.stopped?.commit : undefined
}
