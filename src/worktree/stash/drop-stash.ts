import type { CID } from 'multiformats/cid'

import type { Person } from '../../model/commit/person.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import { findStashEntry, STASH, type StashEntry, withoutStash } from './stash-list.ts'

/** Who changes the list of stashes, and by which command line. */
interface StashAuthor {
  command: string
  person: Person
}

/** Takes a stash off the list (default: the newest). Throws NotFoundError `stash-missing`, InvalidError `not-a-stash`. */
export async function dropStash(
  repository: Repository,
  text: string | undefined,
  { command, person }: StashAuthor,
): Promise<StashEntry> {
  using lock = await repository.lock(command)
  const entry = await findStashEntry(repository, text)
  await runOperation(repository, lock, { command, person, ...(await withoutStash(repository, entry)) })
  return entry
}

/** Takes all stashes off the list; the newest of them, undefined where there was none. */
export async function clearStashes(repository: Repository, { command, person }: StashAuthor): Promise<CID | undefined> {
  using lock = await repository.lock(command)
  const before = await repository.refs.read(STASH)
  if (before === undefined) return undefined
  const refs = [{ name: STASH, before, after: undefined, message: '' }]
  await runOperation(repository, lock, { command, person, refs })
  return before
}
