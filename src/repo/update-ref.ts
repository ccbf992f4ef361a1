import type { CID } from 'multiformats/cid'

import { ConflictError, IntegrityError, InvalidError } from '../model/errors.ts'
import { runOperation } from './operation/operation.ts'
import type { RefAuthor } from './refs/branch.ts'
import type { Head } from './refs/head.ts'
import { isSameCid } from './refs/refs.ts'
import type { Repository } from './repository.ts'
import { readObjectType } from './revision/object-type.ts'

/** A change of one ref. */
export interface RefTransition {
  /** A full name, or `HEAD`: the branch that it stands on, or, where it is detached, itself. */
  name: string
  /** What it shall name; undefined to delete it. */
  after: CID | undefined
  /** What it must name for the change to be made, undefined for nothing; left out, it may be anything. */
  expected?: { cid: CID | undefined }
  /** For the log. */
  message: string
}

/**
 * Changes a ref by compare-and-set, and returns what it named. A ref whose file is damaged is replaced, unless something is
 * expected of it.
 *
 * Throws ConflictError `ref-changed` where it is not what was expected, InvalidError `ref-name-invalid`, InvalidError
 * `branch-not-a-commit` for a branch (or HEAD) that would name anything else, and what the store throws where the object is
 * missing. Files and index stay as they are.
 */
export async function updateRef(
  repository: Repository,
  change: RefTransition,
  { command, person }: RefAuthor,
): Promise<CID | undefined> {
  using lock = await repository.lock(command)
  checkFullName(change.name)
  const head = change.name === 'HEAD' ? await repository.refs.head() : undefined
  const name = head !== undefined && 'branch' in head ? head.branch : change.name
  const { after, expected, message } = change
  const { before, force } = await readBefore(repository, name, expected)
  if (expected !== undefined && !isSameCid(before, expected.cid)) throw refChanged(name, expected.cid, before)
  if (after !== undefined) await checkObject(repository, name, after)
  if (after === undefined && before === undefined && !force) return undefined
  const plan =
    head !== undefined && 'detached' in head
      ? headPlan(head, after, message)
      : { refs: [{ name, before, after, message, ...(force && { force: true as const }) }] }
  await runOperation(repository, lock, { command, person, ...plan })
  return before
}

async function readBefore(
  { refs }: Repository,
  name: string,
  expected: RefTransition['expected'],
): Promise<{ before: CID | undefined; force: boolean }> {
  try {
    return { before: await refs.read(name), force: false }
  } catch (error) {
    if (!(error instanceof IntegrityError) || error.code !== 'ref-corrupt' || expected !== undefined) throw error
    return { before: undefined, force: true }
  }
}

function checkFullName(name: string): void {
  if (name === 'HEAD' || name.startsWith('refs/')) return
  throw new InvalidError('ref-name-invalid', `"${name}" is not the full name of a ref`, {
    hint: `a branch is "refs/heads/${name}", a tag "refs/tags/${name}"`,
    details: { name },
  })
}

function headPlan(before: Head, after: CID | undefined, message: string) {
  if (after !== undefined) return { head: { before, after: { detached: after }, message } }
  throw new InvalidError('head-needed', 'HEAD is detached and cannot be deleted', { hint: 'switch to a branch first' })
}

async function checkObject({ store }: Repository, name: string, cid: CID): Promise<void> {
  const type = await readObjectType(store, cid)
  if (type === 'commit' || (name !== 'HEAD' && !name.startsWith('refs/heads/'))) return
  throw new InvalidError('branch-not-a-commit', `${name} can name a commit only, and ${cid.toString()} is a ${type}`, {
    hint: 'name the commit that a tag tags with TAG^{commit}',
    details: { ref: name, cid: cid.toString(), type },
  })
}

function refChanged(name: string, expected: CID | undefined, actual: CID | undefined): ConflictError {
  const is = actual === undefined ? 'is not there' : `is ${actual.toString()}`
  const wanted = expected === undefined ? 'it should not be there' : `it should be ${expected.toString()}`
  return new ConflictError('ref-changed', `${name} ${is}, but ${wanted}`, {
    hint: 'look at what it is now and try again',
    details: { ref: name, expected: expected?.toString(), actual: actual?.toString() },
  })
}
