import type { CID } from 'multiformats/cid'

import { NotFoundError } from '../../model/errors.ts'
import { findRef } from './find-ref.ts'
import type { RevisionSource } from './revision-source.ts'

/**
 * What a ref was `nth` changes ago (`main@{1}`; without a name, the branch checked out). Throws NotFoundError
 * `revision-not-found` where there is no such ref, or its log is shorter.
 */
export async function findInReflog(source: RevisionSource, name: string, nth: number, text: string): Promise<CID> {
  const ref = name === '' ? await currentBranch(source) : (await findRef(source, name))?.name
  if (ref === undefined) throw notFound(text, `there is no branch or tag ${JSON.stringify(name)}`)
  const current = ref === 'HEAD' ? await source.refs.headCommit() : await source.refs.read(ref)
  if (nth === 0 && current !== undefined) return current
  let count = 0
  let oldest: CID | undefined
  for await (const { before, after } of source.refs.log(ref)) {
    if (count === nth) return after ?? missing(text, ref)
    count++
    oldest = before
  }
  // The oldest entry knows two values: its own, and the one before it.
  if (count === nth && oldest !== undefined) return oldest
  throw notFound(text, `the log of ${ref} has only ${count} entries`)
}

/** The name of the branch that was checked out `nth` switches ago, from HEAD's log; a CID where HEAD was detached. */
export async function findPreviousBranch(source: RevisionSource, nth: number, text: string): Promise<string> {
  let left = nth
  for await (const { message } of source.refs.log('HEAD')) {
    const from = /^(?:checkout|switch): moving from (\S+) to \S+/.exec(message)?.[1]
    if (from !== undefined && --left === 0) return from
  }
  throw notFound(text, `HEAD was switched only ${nth - left} times`)
}

async function currentBranch({ refs }: RevisionSource): Promise<string> {
  const head = await refs.head()
  return 'branch' in head ? head.branch : 'HEAD'
}

function missing(text: string, ref: string): never {
  throw notFound(text, `${ref} was not there then`)
}

function notFound(text: string, problem: string): NotFoundError {
  return new NotFoundError('revision-not-found', `cannot find ${text}: ${problem}`, {
    hint: 'look at the history with `jzfs log`',
    details: { revision: text },
  })
}
