import type { CID } from 'multiformats/cid'

import type { RefUpdate } from '../operation/operation-plan.ts'

/** Where names like `ORIG_HEAD` live: no branches, not listed with the others, without a log. */
export const PSEUDO_REFS = 'refs/pseudo/'

const ORIG_HEAD = `${PSEUDO_REFS}ORIG_HEAD`

/** What was fetched last: the first ref that is to be merged, else the first of all. */
export const FETCH_HEAD = `${PSEUDO_REFS}FETCH_HEAD`

/** The full name of a pseudo-ref; undefined for a name that is none. */
export function pseudoRefName(name: string): string | undefined {
  return name === 'ORIG_HEAD' || name === 'FETCH_HEAD' ? PSEUDO_REFS + name : undefined
}

/** Remembers as `ORIG_HEAD` where HEAD was before a command that moves it far: a part of that command's operation. */
export function updateOrigHead(commit: CID | undefined): RefUpdate {
  return { name: ORIG_HEAD, before: undefined, after: commit, force: true, message: '' }
}
