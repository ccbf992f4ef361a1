import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { type Commit, decodeCommit } from '../../model/commit/commit.ts'
import type { Person } from '../../model/commit/person.ts'
import { InvalidError, NotFoundError } from '../../model/errors.ts'
import type { OperationPlan } from '../../repo/operation/operation-plan.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveCommit } from '../../repo/revision.ts'
import type { RevisionOptions } from '../../repo/revision/revision-source.ts'

/** The ref of the newest stash; the older ones stand in its log. */
export const STASH = 'refs/stash'

/** A stash as the log of `refs/stash` lists it: 0 is the newest. */
export interface StashEntry {
  number: number
  cid: CID
  message: string
  person: Person
  /** The operation that made it: what names its line in the log. */
  operation: number
}

/** What a stash holds: commits whose parents say what they were made on, as git's. */
export interface Stash {
  cid: CID
  commit: Commit
  /** HEAD's commit when it was made. */
  base: CID
  trees: {
    base: CID
    index: CID
    files: CID
    /** Files that were not tracked. */
    untracked: CID | undefined
  }
}

/** The stashes, newest first, read as they are asked for. */
export async function* listStashes({ refs }: Pick<Repository, 'refs'>): AsyncGenerator<StashEntry> {
  let number = 0
  for await (const { after, message, person, operation } of refs.log(STASH)) {
    if (after !== undefined) yield { number: number++, cid: after, message, person, operation }
  }
}

/**
 * Finds a stash: `stash@{1}`, `1`, nothing for the newest, or any revision that names a commit made like one. `entry` is its
 * place in the list; undefined where it is not there under that name.
 *
 * Throws NotFoundError `stash-missing`, InvalidError `not-a-stash`, and what `resolveCommit` throws.
 */
export async function findStash(
  repository: Repository,
  text: string | undefined,
  options: RevisionOptions = {},
): Promise<{ stash: Stash; entry: StashEntry | undefined }> {
  const number = numberOf(text)
  if (number === undefined) {
    const cid = await resolveCommit(repository, text as string, options)
    return { stash: await readStash(repository, cid, text as string, options), entry: undefined }
  }
  const entry = await findEntry(repository, number)
  return { stash: await readStash(repository, entry.cid, `stash@{${number}}`, options), entry }
}

/** Finds a stash that can be dropped: one of the list. Throws NotFoundError `stash-missing`, InvalidError `not-a-stash`. */
export async function findStashEntry(repository: Repository, text: string | undefined): Promise<StashEntry> {
  const number = numberOf(text)
  if (number !== undefined) return findEntry(repository, number)
  throw new InvalidError('not-a-stash', `${text} is no place in the list of stashes`, {
    hint: 'name it as `jzfs stash list` does: stash@{1}',
    details: { stash: text },
  })
}

/** How the list changes where some of it goes: part of an operation. */
export async function withoutStash(
  repository: Pick<Repository, 'refs'>,
  entry: StashEntry,
): Promise<Required<Pick<OperationPlan, 'refs' | 'reflogCuts'>>> {
  const [first, second] = await Array.fromAsync(takeTwo(listStashes(repository)))
  const current = await repository.refs.read(STASH)
  const reflogCuts = [{ name: STASH, operations: [entry.operation] }]
  if (entry.number > 0 || first === undefined) return { refs: [], reflogCuts }
  // With the last one the log goes, too.
  const refs = [{ name: STASH, before: current, after: second?.cid, message: '' }]
  return { refs, reflogCuts: second === undefined ? [] : reflogCuts }
}

async function* takeTwo<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  let count = 0
  for await (const item of items) {
    yield item
    if (++count === 2) return
  }
}

/** The place in the list that a text means; undefined for another revision. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text === 'stash' || text === STASH) return 0
  const digits = /^(?:(?:refs\/)?stash@\{(\d{1,9})\}|(\d{1,9}))$/.exec(text)
  return digits === null ? undefined : Number(digits[1] ?? digits[2])
}

async function findEntry(repository: Repository, number: number): Promise<StashEntry> {
  let count = 0
  for await (const entry of listStashes(repository)) {
    if (entry.number === number) return entry
    count++
  }
  const problem = count === 0 ? 'there is no stash' : `there is no stash@{${number}}`
  throw new NotFoundError('stash-missing', problem, {
    hint: count === 0 ? '`jzfs stash` puts local changes aside' : '`jzfs stash list` lists them',
    details: { number, count },
  })
}

async function readStash({ store }: Repository, cid: CID, name: string, options: AbortOptions): Promise<Stash> {
  const read = async (each: CID): Promise<Commit> =>
    decodeCommit(each, await store.get(each, { signal: options.signal }))
  const commit = await read(cid)
  const [base, index, untracked] = commit.parents
  if (base === undefined || index === undefined || commit.parents.length > 3) {
    throw new InvalidError('not-a-stash', `${name} is no stash, but an ordinary commit`, {
      hint: 'name it as `jzfs stash list` does: stash@{1}',
      details: { stash: name },
    })
  }
  const trees = {
    base: (await read(base)).tree,
    index: (await read(index)).tree,
    files: commit.tree,
    untracked: untracked && (await read(untracked)).tree,
  }
  return { cid, commit, base, trees }
}
