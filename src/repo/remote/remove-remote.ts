import { planConfig } from '../config/config-change.ts'
import { keysOf } from '../config/config-patterns.ts'
import { runOperation } from '../operation/operation.ts'
import { type RefAuthor } from '../refs/branch.ts'
import type { Repository } from '../repository.ts'
import { readOwnRemote, trackingPrefix } from './remote-config.ts'
import { followingKeys } from './rename-remote.ts'

/**
 * Removes a remote: its configuration, its refs, and what branches follow of it, in one operation; the logs of the refs stay
 * as long as its entry. What was fetched stays until `gc` finds that nothing else leads to it. Returns the refs that went.
 *
 * Throws NotFoundError `remote-missing`.
 */
export async function removeRemote(repository: Repository, name: string, author: RefAuthor): Promise<string[]> {
  using lock = await repository.lock(author.command)
  readOwnRemote(repository.config, name)
  const tracking = await repository.refs.list(trackingPrefix(name))
  const keys = followingKeys(repository.config, name).flatMap((key) => [key, key.replace(/remote$/, 'merge')])
  const values = [...keysOf('remote', name), ...keys].map((key): [string, undefined] => [key, undefined])
  await runOperation(repository, lock, {
    ...author,
    config: planConfig(repository.layout, new Map(values)),
    refs: tracking.map((ref) => ({ name: ref.name, before: ref.cid, after: undefined, message: '' })),
  })
  return tracking.map((ref) => ref.name)
}
