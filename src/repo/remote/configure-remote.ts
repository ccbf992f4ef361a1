import { NotFoundError } from '../../model/errors.ts'
import { planConfig } from '../config/config-change.ts'
import { runOperation } from '../operation/operation.ts'
import { type RefAuthor } from '../refs/branch.ts'
import type { Repository } from '../repository.ts'
import { mapRef } from './map-refspecs.ts'
import { readOwnRemote, readRemote } from './remote-config.ts'

/**
 * Gives a remote another place, or (`isPush`) another place to push to. The name that it was signed by is forgotten with its place: the
 * next fetch trusts what it finds there.
 *
 * Throws NotFoundError `remote-missing`.
 */
export async function setRemoteUrl(
  repository: Repository,
  { name, url, isPush }: { name: string; url: string; isPush: boolean },
  author: RefAuthor,
): Promise<void> {
  const values: [string, unknown][] = isPush
    ? [[`remote.${name}.pushUrl`, url]]
    : [
        [`remote.${name}.url`, url],
        [`remote.${name}.trustedName`, undefined],
      ]
  await configureRemote(repository, name, values, author)
}

/**
 * Says which branch `NAME` alone means (`refs/heads/main`, as the remote has it), or undefined: none. Throws NotFoundError `remote-missing`,
 * and `ref-missing` (details: `ref`) for a branch that was not fetched.
 */
export async function setRemoteHead(
  repository: Repository,
  { name, head }: { name: string; head: string | undefined },
  author: RefAuthor,
): Promise<void> {
  const remote = readRemote(repository.config, name)
  const tracking = head === undefined ? undefined : mapRef(remote.fetch, head)
  if (head !== undefined && (tracking === undefined || (await repository.refs.read(tracking)) === undefined)) {
    throw new NotFoundError('ref-missing', `${name} has no branch here that was fetched from ${head}`, {
      hint: `list what was fetched with \`jzfs branch -r\`, or fetch it with \`jzfs fetch ${name}\``,
      details: { ref: tracking ?? head },
    })
  }
  await configureRemote(repository, name, [[`remote.${name}.head`, head]], author)
}

async function configureRemote(
  repository: Repository,
  name: string,
  values: [string, unknown][],
  author: RefAuthor,
): Promise<void> {
  using lock = await repository.lock(author.command)
  readOwnRemote(repository.config, name)
  const config = planConfig(repository.layout, new Map(values))
  if (config.length > 0) await runOperation(repository, lock, { ...author, config })
}
