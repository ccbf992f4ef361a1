import type { Config } from '../config/config.ts'
import { mapRef } from './map-refspecs.ts'
import { findRemote } from './remote-config.ts'

/** The branch that another branch follows. */
export interface Upstream {
  /** The name of a remote, its URL where it has no name, or `.` for a branch of this repository. */
  remote: string
  /** Its full name at the remote: `refs/heads/main`. */
  ref: string
  /** The ref here that says where it was: `refs/remotes/origin/main`; undefined where it is not kept. */
  tracking: string | undefined
}

/** What a branch (its full name, or without `refs/heads/`) follows; undefined where it follows nothing. */
export function upstreamOf({ config }: { config: Pick<Config, 'get'> }, branch: string): Upstream | undefined {
  const name = branch.replace(/^refs\/heads\//, '')
  const remote = config.get(`branch.${name}.remote`)
  const ref = config.get(`branch.${name}.merge`)
  if (remote === undefined || ref === undefined) return undefined
  if (remote === '.') return { remote, ref, tracking: ref }
  return { remote, ref, tracking: mapRef(findRemote(config, remote)?.fetch ?? [], ref) }
}

/** The short name of an upstream: `origin/main`, or `main` for a branch of this repository. */
export function shortUpstream({ remote, ref, tracking }: Upstream): string {
  if (tracking === undefined) return `${remote}/${ref.replace(/^refs\/heads\//, '')}`
  return tracking.replace(/^refs\/(?:heads|remotes)\//, '')
}
