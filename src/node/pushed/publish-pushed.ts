import { isDeepStrictEqual } from 'node:util'

import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import type { OperationEntry } from '../../repo/operation/operation-entry.ts'
import { nextNumber, readOperation } from '../../repo/operation/operation-log.ts'
import { isSameCid } from '../../repo/refs/refs.ts'
import type { Repository } from '../../repo/repository.ts'
import type { RefUpdate } from '../../sync/protocol/offer.ts'
import type { Home } from '../home/home.ts'
import { type PublishedRef, publishedRefsOf, type RegisteredRepository } from '../home/repository-registry.ts'
import { hasSameAudiences } from '../publish/publish.ts'
import { registerRefs } from '../publish/register-refs.ts'
import { registeredRepository } from '../publish/registered-repository.ts'
import { withoutRefs } from '../publish/unpublish.ts'
import { writePublication } from '../publish/write-publication.ts'
import { listPushNotes, type PushNote, readPushNote, removePushNote } from './push-notes.ts'

export interface PublishPushedOptions extends AbortOptions {
  /** The command line, for those who wait for the home's lock. */
  command: string
  now: Date
}

/** Walking a dataset takes a while, and others may be at it. */
const LOCK_WAIT_MS = 60_000

/**
 * Publishes what pushes did to a repository, as their notes say: those that end just now, and those whose node was killed, or
 * could not do it, after their refs had moved. A ref that is published stays for its audience, one that is new is published to
 * whom the note says, and the publication of one that was deleted ends. Returns how many pushes were published.
 *
 * What the owner does goes before: what he took back, or moved since, stays as he has it, and what he made is not published.
 * One that cannot be published hinders no other; then the first problem is thrown at the end, and its note stays. Throws what
 * `writePublication` throws, IntegrityError `push-note-corrupt`, and ConflictError `locked`.
 */
export async function publishPushed(
  home: Home,
  repository: Repository,
  { command, now, signal }: PublishPushedOptions,
): Promise<number> {
  if (listPushNotes(home, repository.id).length === 0) return 0
  const lock = await home.lock({ command, waitMs: LOCK_WAIT_MS, signal })
  try {
    const problems: JzfsError[] = []
    let count = 0
    for (const operation of listPushNotes(home, repository.id)) {
      try {
        if (await publishNoted(home, repository, operation, { now, signal })) count++
      } catch (error) {
        if (!(error instanceof JzfsError)) throw error
        problems.push(error)
      }
    }
    if (problems.length > 0) throw problems[0]!
    return count
  } finally {
    lock.release()
  }
}

/** Publishes one push; false where there is nothing (any more) to publish of it, or not yet. */
async function publishNoted(
  home: Home,
  repository: Repository,
  operation: number,
  { now, signal }: AbortOptions & { now: Date },
): Promise<boolean> {
  const { id, layout } = repository
  const note = readPushNote(home, id, operation)
  if (note === undefined) return false
  // Read first: the number that is free now can be that of a push that is at it.
  const free = nextNumber(layout)
  const entry = readOperation(layout, operation)
  if (entry === undefined && free <= operation) return false
  const before = await registeredRepository(home, id)
  const plan = before && isOperationOf(note, entry) ? await planOf(repository, before, note) : undefined
  const isAny = before !== undefined && plan !== undefined && plan.changes > 0
  if (isAny) {
    const after = await registerPushed(home, repository, before, { ...plan, note })
    const refreshed = [...plan.moved.keys(), ...plan.created.keys()]
    const servesBefore = after !== undefined && hasSameAudiences(before, after)
    await writePublication(home, { before, after, repository, refreshed, servesBefore, now, signal })
  }
  await removePushNote(home, id, operation)
  return isAny
}

/** Whether that is the operation that the push ran: one that was killed before left its number to another. */
function isOperationOf({ person, updates }: PushNote, entry: OperationEntry | undefined): boolean {
  if (entry === undefined || !isDeepStrictEqual(entry.person, person)) return false
  return updates.every(({ name, before, after }) =>
    entry.refs.some((ref) => ref.name === name && isSameCid(ref.before, before) && isSameCid(ref.after, after)),
  )
}

/** What is to be published of a push. */
interface PushPlan {
  /** Published before: what they are now. */
  moved: Map<string, CID>
  /** Not published before. */
  created: Map<string, CID>
  ended: string[]
  changes: number
}

async function planOf(repository: Repository, registered: RegisteredRepository, note: PushNote): Promise<PushPlan> {
  const known = new Map(publishedRefsOf(registered).map((ref) => [ref.ref, ref]))
  const [moved, created] = [new Map<string, CID>(), new Map<string, CID>()]
  const ended: string[] = []
  for (const update of note.updates) {
    const { name, before, after } = update
    const published = known.get(name)
    if (after === undefined) {
      if (published !== undefined && (await isGone(repository, update, published))) ended.push(name)
      continue
    }
    const place = await placeInLog(repository, update, note.operation)
    if (published !== undefined && place === 'last') moved.set(name, after)
    // What was there before and is not published any more was taken back meanwhile: it stays so.
    if (published === undefined && before === undefined && place !== 'nowhere') created.set(name, after)
  }
  return { moved, created, ended, changes: moved.size + created.size + ended.length }
}

/** Whether a deleted ref is not there again, with what is published of it. */
async function isGone({ refs }: Repository, { name, before }: RefUpdate, { cid }: PublishedRef): Promise<boolean> {
  const now = await refs.read(name)
  return now === undefined || (cid === before?.toString() && !isSameCid(now, before))
}

/**
 * Where the log of a ref has the push: nowhere, where the ref was deleted since; what was made anew has another log. Somewhere,
 * where it was moved since: whoever did publishes that, or does not.
 */
async function placeInLog(
  { refs }: Repository,
  { name, after }: RefUpdate,
  operation: number,
): Promise<'last' | 'somewhere' | 'nowhere'> {
  let isLast = true
  for await (const line of refs.log(name)) {
    if (line.operation === operation && isSameCid(line.after, after)) return isLast ? 'last' : 'somewhere'
    if (line.operation < operation) break
    isLast = false
  }
  return 'nowhere'
}

/** The repository as the registry shall have it. */
async function registerPushed(
  home: Home,
  repository: Repository,
  before: RegisteredRepository,
  { note, moved, created, ended }: PushPlan & { note: PushNote },
): Promise<RegisteredRepository | undefined> {
  const { audience } = note
  let after = await registerRefs(home, before, { repository, refs: [...moved.keys()], at: moved })
  after = await registerRefs(home, after, { repository, refs: [...created.keys()], at: created, audience })
  return ended.length === 0 ? after : withoutRefs(after, ended)
}
