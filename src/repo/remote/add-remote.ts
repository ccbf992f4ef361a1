import { ConflictError } from '../../model/errors.ts'
import { checkBranchName } from '../../model/ref-name.ts'
import { planConfig } from '../config/config-change.ts'
import { runOperation } from '../operation/operation.ts'
import { type RefAuthor } from '../refs/branch.ts'
import type { Repository } from '../repository.ts'
import { checkRemoteName, defaultRefspec, remoteNames, trackingPrefix } from './remote-config.ts'

/** A remote to add. */
export interface NewRemote {
  name: string
  /** As `canonicalRemoteUrl` gives it. */
  url: string
  /** The only branches that are fetched; none: all. */
  track?: readonly string[]
  peers?: readonly string[]
  /** The branch that its HEAD is on. */
  head?: string | undefined
}

/**
 * Adds a remote. Nothing is asked of it yet.
 *
 * Throws InvalidError `remote-name-invalid`, `ref-name-invalid`, ConflictError `remote-exists` (details: `remote`), also where its name
 * would lie below that of another.
 */
export async function addRemote(repository: Repository, remote: NewRemote, author: RefAuthor): Promise<void> {
  const { name, url, track = [], peers = [], head } = remote
  checkRemoteName(name)
  for (const branch of head === undefined ? track : [...track, head]) checkBranchName(branch)
  using lock = await repository.lock(author.command)
  refuseRemoteName(repository, name)
  const fetch = track.map((branch) => `+refs/heads/${branch}:${trackingPrefix(name)}${branch}`)
  const values = new Map<string, unknown>([
    [`remote.${name}.url`, url],
    [`remote.${name}.fetch`, fetch.length > 0 ? fetch : [defaultRefspec(name)]],
    [`remote.${name}.peers`, peers.length > 0 ? peers : undefined],
    [`remote.${name}.head`, head === undefined ? undefined : `refs/heads/${head}`],
  ])
  await runOperation(repository, lock, { ...author, config: planConfig(repository.layout, values) })
}

/** Refuses a name that another remote has, or whose refs would lie among those of another. ConflictError `remote-exists`. */
export function refuseRemoteName({ config }: Pick<Repository, 'config'>, name: string, except?: string): void {
  for (const other of remoteNames(config).filter((each) => each !== except)) {
    if (other !== name && !other.startsWith(`${name}/`) && !name.startsWith(`${other}/`)) continue
    const problem = other === name ? 'already exists' : `is there, and ${name} would mix its refs with those`
    throw new ConflictError('remote-exists', `remote ${other} ${problem}`, {
      hint:
        other === name
          ? `give it another place with \`jzfs remote set-url ${name} URL\`, or choose another name`
          : 'choose another name',
      details: { remote: other },
    })
  }
}
