import type { CID } from 'multiformats/cid'

import { DAG_JSON, DAG_PB } from '../../model/cid.ts'
import { InvalidError, JzfsError } from '../../model/errors.ts'
import { branchNameProblem, tagNameProblem } from '../../model/ref-name.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { isSameCid } from '../../repo/refs/refs.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import { RefusedRequest, refusalOf } from '../protocol/messages/refusal.ts'
import type { PushReceiver, RefUpdate } from '../protocol/offer.ts'
import type { Role } from '../walk/dag-place.ts'

/** What a push wants to be there, in the order of its updates, each once; and what each must be. */
export interface PushedRoots {
  wants: CID[]
  roles: Role[]
}

/** The roots of a push: what its updates set. A branch is a commit, a tag a commit, a tag or a directory. */
export function pushedRoots(updates: readonly RefUpdate[]): PushedRoots {
  const roots = new Map<string, { cid: CID; role: Role }>()
  for (const { name, after } of updates) {
    if (after === undefined) continue
    const role: Role = name.startsWith(BRANCHES) ? 'commit' : after.code === DAG_PB ? 'tree' : 'target'
    const known = roots.get(after.toString())
    if (known === undefined || role === 'commit') roots.set(after.toString(), { cid: known?.cid ?? after, role })
  }
  const found = [...roots.values()]
  return { wants: found.map(({ cid }) => cid), roles: found.map(({ role }) => role) }
}

/**
 * Refuses a push by what it says alone: names that no branch or tag can have, what cannot be one by its CID, refs that
 * are not what the pusher expects, and what the receiver refuses.
 */
export async function checkPush(receiver: PushReceiver, updates: readonly RefUpdate[]): Promise<void> {
  try {
    for (const update of updates) checkUpdate(update)
    await receiver.check(updates)
  } catch (error) {
    throw error instanceof JzfsError ? new RefusedRequest(refusalOf(error)) : error
  }
  for (const { name, before } of updates) {
    if (!isSameCid(await receiver.repository.refs.read(name), before)) throw new RefusedRequest(refChanged(name))
  }
}

/** That a ref is not what the pusher expects: what it is is not told. */
export function refChanged(ref: unknown): RefusedRequest['refusal'] {
  const name = typeof ref === 'string' ? ref : 'a ref'
  const message = `${name} is not what it was when it was looked at`
  return { code: 'ref-changed', family: 'conflict', message, ...(typeof ref === 'string' ? { ref } : {}) }
}

function checkUpdate({ name, after }: RefUpdate): void {
  const problem = nameProblem(name)
  if (problem !== undefined) {
    throw new InvalidError('ref-not-pushable', `${JSON.stringify(name)} cannot be pushed to: it ${problem}`, {
      hint: 'push to refs/heads/NAME or refs/tags/NAME',
      details: { ref: name },
    })
  }
  if (after === undefined || after.code === DAG_JSON || (name.startsWith(TAGS) && after.code === DAG_PB)) return
  const must = name.startsWith(TAGS) ? 'a commit, a tag or a directory' : 'a commit'
  throw new InvalidError('ref-kind-invalid', `${name} must be ${must}, which ${after.toString()} is not`, {
    hint: 'push something else to it',
    details: { ref: name, cid: after.toString() },
  })
}

function nameProblem(name: string): string | undefined {
  if (name.startsWith(BRANCHES)) return branchNameProblem(name.slice(BRANCHES.length))
  if (name.startsWith(TAGS)) return tagNameProblem(name.slice(TAGS.length))
  return 'is neither a branch nor a tag'
}
