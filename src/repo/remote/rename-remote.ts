import { planConfig } from '../config/config-change.ts'
import { readConfigFile } from '../config/config-file.ts'
import { keysOf, matchConfigPattern } from '../config/config-patterns.ts'
import { runOperation } from '../operation/operation.ts'
import { type RefAuthor } from '../refs/branch.ts'
import type { Repository } from '../repository.ts'
import { refuseRemoteName } from './add-remote.ts'
import { checkRemoteName, defaultRefspec, readOwnRemote, trackingPrefix } from './remote-config.ts'

/** What became of a remote's refs. */
export interface RenamedRemote {
  /** Refs that have another name now. */
  refs: { before: string; after: string }[]
  /** Refspecs that write elsewhere than below `refs/remotes/NAME/`, and were left as they are. */
  keptRefspecs: string[]
}

/**
 * Renames a remote: its configuration, its refs with their logs, and what branches follow of it, in one operation.
 *
 * Throws NotFoundError `remote-missing`, ConflictError `remote-exists`, InvalidError `remote-name-invalid`.
 */
export async function renameRemote(
  repository: Repository,
  { before, after }: { before: string; after: string },
  author: RefAuthor,
): Promise<RenamedRemote> {
  checkRemoteName(after)
  using lock = await repository.lock(author.command)
  readOwnRemote(repository.config, before)
  if (before === after) return { refs: [], keptRefspecs: [] }
  refuseRemoteName(repository, after, before)
  const [from, to] = [trackingPrefix(before), trackingPrefix(after)]
  const tracking = await repository.refs.list(from)
  const moves = tracking.map(({ name, cid }) => ({ before: name, after: to + name.slice(from.length), cid }))
  const replaced = new Map((await repository.refs.list(to)).map(({ name, cid }) => [name, cid]))
  const fetch = [repository.config.get(`remote.${before}.fetch`) ?? [defaultRefspec(before)]].flat()
  await runOperation(repository, lock, {
    ...author,
    config: planConfig(repository.layout, renamedKeys(repository, { before, after }, fetch)),
    refs: moves.flatMap((move) => {
      const message = `remote: renamed ${move.before} to ${move.after}`
      return [
        { name: move.before, before: move.cid, after: undefined, message },
        { name: move.after, before: replaced.get(move.after), after: move.cid, message },
      ]
    }),
    reflogMoves: moves.map((move) => ({ before: move.before, after: move.after })),
  })
  return {
    refs: moves.map((move) => ({ before: move.before, after: move.after })),
    keptRefspecs: fetch.filter((text) => text.includes(':') && !text.includes(`:${from}`)),
  }
}

function renamedKeys(
  { layout, config }: Repository,
  { before, after }: { before: string; after: string },
  fetch: readonly string[],
): Map<string, unknown> {
  const document = readConfigFile(layout.config) ?? {}
  const values = new Map<string, unknown>()
  const [keysBefore, keysAfter] = [keysOf('remote', before), keysOf('remote', after)]
  for (const [at, key] of keysBefore.entries()) {
    values.set(key, undefined)
    values.set(keysAfter[at] as string, document[key])
  }
  const [from, to] = [trackingPrefix(before), trackingPrefix(after)]
  const moved = fetch.map((text) => text.replace(`:${from}`, () => `:${to}`))
  values.set(`remote.${after}.fetch`, moved)
  for (const key of followingKeys(config, before)) values.set(key, after)
  return values
}

/** The keys `branch.NAME.remote` of the branches that follow a remote. */
export function followingKeys(config: Repository['config'], remote: string): string[] {
  const entries = config.list().filter(({ key, value, origin }) => {
    return origin === 'repository' && value === remote && matchConfigPattern(key)?.pattern === 'branch.*.remote'
  })
  return entries.map(({ key }) => key)
}
