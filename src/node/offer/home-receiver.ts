import { dateOf } from '../../model/commit/date.ts'
import { ConflictError, JzfsError, UnavailableError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import type { PushReceiver, RefUpdate } from '../../sync/protocol/offer.ts'
import type { Home } from '../home/home.ts'
import {
  type Audience,
  type PublishedRef,
  publishedRefsOf,
  type RegisteredRepository,
} from '../home/repository-registry.ts'
import { checkPublishedRefs } from '../publish/published-limits.ts'
import { registeredRepository } from '../publish/registered-repository.ts'
import { publishPushed } from '../pushed/publish-pushed.ts'
import { writePushNote } from '../pushed/push-notes.ts'
import { type Asker, isVisible } from './visibility.ts'

export interface HomeReceiverOptions {
  /** The peer id of who pushes; undefined: this node's own user. */
  pusher: string | undefined
  now(): Date
  /** For those who wait for a lock (default `push`). */
  command?: string
  /** Told where refs moved and could not be published. */
  onProblem?: ((error: JzfsError) => void) | undefined
}

/**
 * Takes pushes to a repository of a home. A ref that is published goes on to its audience when it moves; one that is new is
 * published to whom the repository publishes what is pushed, else to its writers. What the owner has and does not publish
 * to the pusher cannot be pushed to.
 */
export function createHomeReceiver(
  home: Home,
  repository: Repository,
  { pusher, asker, now, command = 'push', onProblem }: HomeReceiverOptions & { asker: Asker },
): PushReceiver {
  const who = pusher ?? 'this node'
  const person = { name: who, email: who.replaceAll(' ', '-'), date: dateOf(now(), 0) }
  return {
    repository,
    check: (updates) => checkUpdates(home, repository, asker, updates),
    async moving(updates, operation) {
      const registered = await registeredRepository(home, repository.id)
      if (registered === undefined) return
      await writePushNote(home, repository.id, { operation, person, updates, audience: audienceOfPushed(registered) })
    },
    async moved() {
      try {
        await publishPushed(home, repository, { command, now: now() })
      } catch (error) {
        // The refs have moved: that they are not published is the owner's to know.
        if (!(error instanceof JzfsError)) throw error
        onProblem?.(error)
      }
    },
    person,
    command,
  }
}

async function checkUpdates(
  home: Home,
  repository: Repository,
  asker: Asker,
  updates: readonly RefUpdate[],
): Promise<void> {
  const registered = await registeredRepository(home, repository.id)
  if (registered === undefined) return
  const published = new Map<string, PublishedRef>(publishedRefsOf(registered).map((ref) => [ref.ref, ref]))
  const audience = audienceOfPushed(registered)
  const head = await repository.refs.head()
  for (const { name, after } of updates) {
    const known = published.get(name)
    const isForeign = known === undefined || !isVisible(known.audience, asker)
    if (isForeign && (await repository.refs.read(name)) !== undefined) throw forbidden(name)
    if ('branch' in head && head.branch === name) refuseCheckedOut(repository, name, after === undefined)
    if (after === undefined) published.delete(name)
    else if (known === undefined) published.set(name, { ref: name, audience })
  }
  checkPublishedRefs(published.values())
}

/** Whom what is pushed is for, where it was not published before. */
function audienceOfPushed({ writers = [], publishesPushed = { peers: writers } }: RegisteredRepository): Audience {
  return publishesPushed
}

/** The files of a working tree would not follow; and what HEAD stands on is what a clone checks out. */
function refuseCheckedOut({ bare }: Repository, ref: string, isDeleted: boolean): void {
  if (bare && !isDeleted) return
  throw new ConflictError(
    'branch-checked-out',
    isDeleted ? `${ref} is the branch that HEAD stands on there` : `${ref} is checked out there`,
    {
      hint: 'push to another branch, or let its owner make a bare repository for pushes (`jzfs init --bare`)',
      details: { ref },
    },
  )
}

function forbidden(ref: string): UnavailableError {
  return new UnavailableError('push-forbidden', `you may not push to ${ref} here`, {
    hint: 'push to a ref that you see there, or to a new one',
    details: { ref },
  })
}
