import type { CID } from 'multiformats/cid'

import { ConflictError } from '../../model/errors.ts'
import { refNameProblem } from '../../model/ref-name.ts'
import type { Repository } from '../repository.ts'
import { mapRef } from './map-refspecs.ts'
import { listRemotes } from './remote-config.ts'
import type { FollowedRef } from './tracking-start.ts'

/** A branch of a remote, and the ref here that keeps it. */
export interface GuessedBranch extends FollowedRef {
  tracking: string
  commit: CID
}

/**
 * Finds the remote that has a branch of this name, as it was when it was last asked; undefined where none has. Of several the one
 * that `checkout.defaultRemote` names.
 *
 * Throws ConflictError `branch-ambiguous` (details: `remotes`).
 */
export async function guessBranch({ config, refs }: Repository, name: string): Promise<GuessedBranch | undefined> {
  const ref = `refs/heads/${name}`
  if (refNameProblem(ref) !== undefined) return undefined
  const found: GuessedBranch[] = []
  for (const remote of listRemotes(config)) {
    const tracking = mapRef(remote.fetch, ref)
    const commit = tracking === undefined ? undefined : await refs.read(tracking)
    if (tracking !== undefined && commit !== undefined) found.push({ remote: remote.name, ref, tracking, commit })
  }
  if (found.length < 2) return found[0]
  const preferred = config.get('checkout.defaultRemote')
  const chosen = found.find(({ remote }) => remote === preferred)
  if (chosen !== undefined) return chosen
  const remotes = found.map(({ remote }) => remote)
  throw new ConflictError('branch-ambiguous', `'${name}' is a branch of several remotes: ${remotes.join(', ')}`, {
    hint: `say which: \`jzfs switch -c ${name} ${remotes[0]}/${name}\`, or set checkout.defaultRemote`,
    details: { branch: name, remotes },
  })
}
