import type { AbortOptions } from '../../model/block.ts'
import { NotFoundError } from '../../model/errors.ts'
import { openRepository, type Repository } from '../../repo/repository.ts'
import type { Home } from '../home/home.ts'
import {
  type NamedKey,
  type PublishedRef,
  publishedRefsOf,
  type RegisteredRepository,
} from '../home/repository-registry.ts'
import { forgetPushed } from '../pushed/push-notes.ts'
import { registeredRepository } from './registered-repository.ts'
import { writePublication } from './write-publication.ts'

/** How a publication is ended. */
export interface UnpublishOptions extends AbortOptions {
  command: string
  now: Date
}

/** What was ended. */
export interface Unpublished {
  /** The repository as it was registered. */
  registered: RegisteredRepository
  refs: (PublishedRef & Partial<NamedKey>)[]
  /** Whether nothing of it is published any more. */
  isAll: boolean
}

/** Walking what is left takes a while, and others may be at it. */
const LOCK_WAIT_MS = 60_000

/**
 * Ends the publication of an IPNS name: of a branch, or of a whole repository with all its branches and tags and its list of
 * writers. Nothing of it is served from now on, and its record is not given any more. Key and sequence are kept, so that the
 * name can be published again. Copies that others have made stay theirs.
 *
 * Throws NotFoundError `not-published` (details: `name`), ConflictError `locked`.
 */
export async function unpublish(home: Home, name: string, options: UnpublishOptions): Promise<Unpublished> {
  const list = home.repositories.list()
  const whole = list.find(({ manifest }) => manifest?.name === name)
  const found = whole ?? list.find((each) => publishedRefsOf(each).some((ref) => ref.name === name))
  if (found === undefined) {
    throw new NotFoundError('not-published', `this node does not publish ${name}`, {
      hint: '`jzfs publish --list` shows what it publishes',
      details: { name },
    })
  }
  const refs =
    whole === undefined ? publishedRefsOf(found).flatMap((ref) => (ref.name === name ? [ref.ref] : [])) : 'all'
  return unpublishRefs(home, { repositoryId: found.id, refs }, options)
}

/**
 * Ends the publication of branches and tags of a repository, or of all of it, the writers among it: see `unpublish`. The
 * repository need not be there any more. Throws NotFoundError `not-published` (details: `ref`), ConflictError `locked`.
 */
export async function unpublishRefs(
  home: Home,
  { repositoryId, refs }: { repositoryId: string; refs: readonly string[] | 'all' },
  { command, now, signal }: UnpublishOptions,
): Promise<Unpublished> {
  const lock = await home.lock({ command, waitMs: LOCK_WAIT_MS, signal })
  try {
    const before = await registeredRepository(home, repositoryId)
    const ended = (before ? publishedRefsOf(before) : []).filter(({ ref }) => refs === 'all' || refs.includes(ref))
    const missing = refs === 'all' ? undefined : refs.find((name) => !ended.some(({ ref }) => ref === name))
    if (before === undefined || missing !== undefined) throw notPublished(missing)
    const after = refs === 'all' ? undefined : withoutRefs(before, refs)
    const repository = after && (await openIfThere(before))
    // Pushes that were not published yet do not bring back what ends now.
    await forgetPushed(home, repositoryId, refs)
    try {
      await writePublication(home, { before, after, repository, now, signal })
    } finally {
      await repository?.close()
    }
    return { registered: before, refs: ended, isAll: after === undefined }
  } finally {
    lock.release()
  }
}

/** A repository as it stays registered without some refs; undefined where nothing would be visible to anybody. */
export function withoutRefs(before: RegisteredRepository, refs: readonly string[]): RegisteredRepository | undefined {
  const { tags: tagsBefore = [], ...others } = before
  const heads = before.heads.filter(({ ref }) => !refs.includes(ref))
  const tags = tagsBefore.filter(({ ref }) => !refs.includes(ref))
  const isEmpty = heads.length + tags.length === 0
  if (isEmpty && before.publishesPushed === undefined && (before.writers ?? []).length === 0) return undefined
  return { ...others, heads, ...(tags.length === 0 ? {} : { tags }) }
}

async function openIfThere({ id, path }: RegisteredRepository): Promise<Repository | undefined> {
  const repository = await openRepository(path).catch(() => undefined)
  if (repository?.id === id) return repository
  await repository?.close()
  return undefined
}

function notPublished(ref: string | undefined): NotFoundError {
  const what = ref === undefined ? 'anything' : ref
  return new NotFoundError('not-published', `this node does not publish ${what} of this repository`, {
    hint: '`jzfs publish --list` shows what it publishes',
    details: { ref },
  })
}
