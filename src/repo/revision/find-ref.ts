import type { CID } from 'multiformats/cid'

import { refNameProblem } from '../../model/ref-name.ts'
import { pseudoRefName } from '../refs/pseudo-ref.ts'
import { trackingHead } from '../remote/remote-config.ts'
import { isSequenceHead, readSequenceHead } from '../sequence/sequence-head.ts'
import type { RevisionSource } from './revision-source.ts'

/** A ref that a short name means. */
export interface FoundRef {
  /** `HEAD`, `MERGE_HEAD` and the like, or the full name. */
  name: string
  cid: CID
  /** Full names of the refs that the short name could have meant as well. */
  others: string[]
}

/** Git's order of looking a name up. */
const PLACES = ['', 'refs/', 'refs/tags/', 'refs/heads/', 'refs/remotes/']

/**
 * Finds the ref that a name means, in git's order: `HEAD` (or `@`), `ORIG_HEAD` and `MERGE_HEAD`, `refs/…` itself, then tags, branches, and
 * refs of remotes; at last a remote, which means the branch that its HEAD is on.
 */
export async function findRef({ refs, config, layout }: RevisionSource, name: string): Promise<FoundRef | undefined> {
  if (name === 'HEAD' || name === '@') {
    const cid = await refs.headCommit()
    return cid && { name: 'HEAD', cid, others: [] }
  }
  const found: { name: string; cid: CID }[] = []
  if (layout !== undefined && isSequenceHead(name)) {
    const cid = readSequenceHead({ layout }, name)
    if (cid !== undefined) found.push({ name, cid })
  }
  const pseudo = pseudoRefName(name)
  const remoteHead = config && trackingHead(config, name.replace(/^(?:refs\/)?remotes\/|\/HEAD$/g, ''))
  for (const full of [pseudo, ...fullNames(name), remoteHead]) {
    if (full === undefined) continue
    const cid = await refs.read(full)
    if (cid !== undefined) found.push({ name: full, cid })
  }
  const [first, ...others] = found
  return first && { ...first, others: others.map((ref) => ref.name) }
}

/** The full names that a name could be short for, in the order in which they are tried. */
export function fullNames(name: string): string[] {
  const names = PLACES.map((place) => place + name)
  return names.filter((full) => full.startsWith('refs/') && refNameProblem(full) === undefined)
}
