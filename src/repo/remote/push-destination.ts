import { InvalidError } from '../../model/errors.ts'
import type { Config } from '../config/config.ts'
import { mapRef } from './map-refspecs.ts'
import { findRemote, remoteNames } from './remote-config.ts'
import { type Upstream, upstreamOf } from './upstream.ts'

/**
 * Where `push` takes a branch (its full name) that is not named otherwise, by `push.default`; `tracking` is where the ref is kept
 * here. Throws InvalidError `push-destination-missing` where it goes nowhere.
 */
export function pushDestination({ config }: { config: Pick<Config, 'get' | 'list'> }, branch: string): Upstream {
  const upstream = upstreamOf({ config }, branch)
  const remote = upstream?.remote ?? defaultRemote(config)
  const way = config.get('push.default')
  if (way === 'nothing') throw missing(branch, "push.default is 'nothing'")
  if (remote === undefined) throw missing(branch, 'there is no remote')
  const isElsewhere = upstream === undefined || (way === 'simple' && upstream.ref !== branch)
  if ((way === 'upstream' || way === 'simple') && isElsewhere) {
    throw missing(branch, upstream === undefined ? 'it follows nothing' : `it follows ${upstream.ref}, of another name`)
  }
  if (way === 'upstream' && upstream !== undefined) return upstream
  const tracking = remote === '.' ? branch : mapRef(findRemote(config, remote)?.fetch ?? [], branch)
  return { remote, ref: branch, tracking }
}

/** The remote of a branch that follows none: the only one, or `origin`; undefined where that cannot be said. */
export function defaultRemote(config: Pick<Config, 'list'>): string | undefined {
  const names = remoteNames(config)
  return names.length === 1 ? names[0] : names.find((name) => name === 'origin')
}

function missing(branch: string, why: string): InvalidError {
  const name = branch.replace(/^refs\/heads\//, '')
  return new InvalidError('push-destination-missing', `${name} has no place to be pushed to: ${why}`, {
    hint: `name it with \`jzfs push -u REMOTE ${name}\``,
    details: { branch },
  })
}
