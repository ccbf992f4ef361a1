import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'

import { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { ConflictError, NotFoundError } from '../../model/errors.ts'
import { openRepository, type Repository } from '../../repo/repository.ts'
import type { IpnsRecord } from '../../sync/names/ipns-record.ts'
import type { Home } from '../home/home.ts'
import { type Audience, publishedRefsOf, type RegisteredRepository } from '../home/repository-registry.ts'
import { audienceKey } from './published-files.ts'
import { registerRefs } from './register-refs.ts'
import { registeredRepository } from './registered-repository.ts'
import { writePublication, type WrittenPublication } from './write-publication.ts'

/** What shall be published. */
export interface PublishRequest extends AbortOptions {
  repository: Repository
  /** Full names of branches and tags; none where only the repository itself shall be known. */
  refs: readonly string[]
  /** Who may fetch them (default: as before, `public` at first). */
  audience?: Audience | undefined
  /** What the repository is, for people (default: as before). */
  description?: string | undefined
  /** Whether a daemon publishes these refs again when they move (default: as before, at first not). */
  follows?: boolean | undefined
  /** Who may fetch refs that are pushed later (default: as before; at first those who may push). */
  publishesPushed?: Audience | undefined
  /** Who may push, by peer id, given who might before. */
  writers?: ((before: readonly string[]) => string[]) | undefined
  /** Publishes only refs that are published still when it holds the lock: what its owner took back meanwhile stays so. */
  ifStillPublished?: boolean | undefined
  /** The command line, for those who wait for the home's lock. */
  command: string
  now: Date
}

/** A ref that is published. */
export interface Publication {
  ref: string
  /** The commit; of a tag what it names. */
  commit: CID
  audience: Audience
  /** Whether a daemon publishes it again when it moves. */
  follows: boolean
  /** How many blocks all refs of this audience reach together. */
  blocks: number
  /** Its own IPNS name and record: of a branch always, of a tag where it is not for everybody. */
  name?: string
  record?: IpnsRecord
  /** False where everything was published like this already. */
  changed: boolean
}

/** A branch that is published. */
export type BranchPublication = Publication & { name: string; record: IpnsRecord }

/** A repository that is published. */
export interface RepositoryPublication {
  registered: RegisteredRepository
  /** The repository's own IPNS name, and what it says now. */
  name: string
  manifest: CID
  record: IpnsRecord
  /** The refs that were asked for, in their order. */
  refs: Publication[]
  /** False where everything was published like this already. */
  changed: boolean
  /** Where the repository was when it was published last, if it was elsewhere. */
  movedFrom: string | undefined
}

/** Walking a dataset takes a while, and others may be at it. */
const LOCK_WAIT_MS = 60_000

/**
 * Publishes branches and tags of a repository: from now on this node's daemon, if there is one, serves what they reach, and
 * says so under the IPNS name of each branch, and of the repository, whose manifest lists what is for everybody. Other refs
 * stay as they were published. Keys are made the first time. Needs no daemon and tells none: it reads the files.
 *
 * Throws NotFoundError `branch-unborn` (details: `ref`), `not-published` (see `ifStillPublished`), ConflictError `repository-copied` (details: `path`, `other`), what
 * `writePublication` throws, and ConflictError `locked`.
 */
export async function publishRefs(home: Home, given: PublishRequest): Promise<RepositoryPublication> {
  const { repository, command, now, signal } = given
  const lock = await home.lock({ command, waitMs: LOCK_WAIT_MS, signal })
  try {
    const before = await registeredRepository(home, repository.id)
    const request = { ...given, refs: stillPublished(before, given) }
    const movedFrom = await whereItWas(before, repository)
    const after = await registerRefs(home, before, request)
    const servesBefore = hasSameAudiences(before, after)
    const change = { before, after, repository, refreshed: request.refs, servesBefore, now, signal }
    const written = await writePublication(home, change)
    return { ...reportOf(before, after, request.refs, written), movedFrom }
  } finally {
    lock.release()
  }
}

/** Publishes one branch: see `publishRefs`. */
export async function publishBranch(
  home: Home,
  { ref, ...request }: Omit<PublishRequest, 'refs'> & { ref: string },
): Promise<BranchPublication & { movedFrom: string | undefined }> {
  const { refs, movedFrom } = await publishRefs(home, { ...request, refs: [ref] })
  return { ...(refs[0] as BranchPublication), movedFrom }
}

function stillPublished(
  before: RegisteredRepository | undefined,
  { ifStillPublished = false, refs, repository }: PublishRequest,
): readonly string[] {
  if (!ifStillPublished) return refs
  if (before === undefined) {
    throw new NotFoundError('not-published', `this node does not publish ${repository.path} any more`, {
      hint: 'publish it again: `jzfs publish`',
      details: { path: repository.path },
    })
  }
  const published = new Set(publishedRefsOf(before).map(({ ref }) => ref))
  return refs.filter((ref) => published.has(ref))
}

/** Whether all refs that were published are for those whom they were for. */
export function hasSameAudiences(before: RegisteredRepository | undefined, after: RegisteredRepository): boolean {
  const audiences = new Map(publishedRefsOf(after).map(({ ref, audience }) => [ref, audienceKey(audience)]))
  return (
    before !== undefined &&
    publishedRefsOf(before).every((each) => audiences.get(each.ref) === audienceKey(each.audience))
  )
}

function reportOf(
  before: RegisteredRepository | undefined,
  after: RegisteredRepository,
  refs: readonly string[],
  { sets, records, manifest }: WrittenPublication,
): Omit<RepositoryPublication, 'movedFrom'> {
  if (manifest === undefined) throw new TypeError('the repository has no key')
  const isRegistered = isDeepStrictEqual(before, after)
  const refIn = (registered: RegisteredRepository | undefined, ref: string): unknown =>
    registered && [registered.path, publishedRefsOf(registered).find((each) => each.ref === ref)]
  const publications = publishedRefsOf(after)
    .filter(({ ref }) => refs.includes(ref))
    .map(({ ref, cid = '', audience, name, follows = false }): Publication => {
      const set = sets.get(audienceKey(audience))
      const signed = records.get(ref)
      const isSame = isDeepStrictEqual(refIn(before, ref), refIn(after, ref))
      const changed = !isSame || signed?.isNew === true || (set?.added ?? 0) > 0
      const publication = { ref, commit: CID.parse(cid), audience, follows, blocks: set?.blocks ?? 0, changed }
      return name === undefined || signed === undefined ? publication : { ...publication, name, record: signed.record }
    })
  const order = new Map(refs.map((ref, index) => [ref, index]))
  publications.sort((a, b) => (order.get(a.ref) ?? 0) - (order.get(b.ref) ?? 0))
  const changed = !isRegistered || manifest.isNew || publications.some((each) => each.changed)
  const { block, record } = manifest
  return { registered: after, name: record.name, manifest: block.cid, record, refs: publications, changed }
}

/** The path under which a repository is registered, where that is another; it may have moved, but not be a copy. */
async function whereItWas(
  registered: RegisteredRepository | undefined,
  repository: Repository,
): Promise<string | undefined> {
  if (registered === undefined || registered.path === repository.path) return undefined
  if (!existsSync(registered.path)) return registered.path
  const other = await openRepository(registered.path).catch(() => undefined)
  await other?.close()
  if (other?.id !== repository.id) return registered.path
  throw new ConflictError(
    'repository-copied',
    `${repository.path} is a copy of ${registered.path}, which is published`,
    {
      hint: 'clone a repository instead of copying its folder, or unpublish the other one first',
      details: { path: repository.path, other: registered.path },
    },
  )
}
