import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { decodeCommit } from '../../model/commit/commit.ts'
import { JzfsError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import { messageParts, printableMessage } from '../history/commit-message.ts'
import { shortRefName } from '../refs/ref-template.ts'

/** A ref for people: `main`, `tag v1`, `the list of stashes`. */
export function describeRef(name: string): string {
  if (name === 'refs/stash') return 'the newest stash'
  return name.startsWith('refs/tags/') ? `tag ${shortRefName(name)}` : shortRefName(name)
}

/** What a ref named, for people: the beginning of its CID, and the subject where it is a commit that is here. */
export async function describeObject({ store }: Pick<Repository, 'store'>, cid: CID): Promise<string> {
  try {
    const { subject } = messageParts(decodeCommit(cid, await store.get(cid)).message)
    return `${shortenCid(cid)} ${printableMessage(subject)}`.trimEnd()
  } catch (error) {
    if (!(error instanceof JzfsError)) throw error
    return error.family === 'not-found' ? `${shortenCid(cid)} (not here any more)` : shortenCid(cid)
  }
}
