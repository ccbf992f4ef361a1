import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { ConflictError, NotFoundError } from '../../model/errors.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { openRepository, type Repository } from '../../repo/repository.ts'
import type { IpnsRecord } from '../../sync/names/ipns-record.ts'
import type { Home } from '../home/home.ts'
import {
  type Audience,
  type NamedKey,
  type PublishedHead,
  type PublishedRef,
  publishedRefsOf,
  type PublishedTag,
  type RegisteredRepository,
} from '../home/repository-registry.ts'
import { audienceKey } from './published-files.ts'
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
 * Throws NotFoundError `branch-unborn` (details: `ref`), ConflictError `repository-copied` (details: `path`, `other`), what
 * `writePublication` throws, and ConflictError `locked`.
 */
export async function publishRefs(home: Home, request: PublishRequest): Promise<RepositoryPublication> {
  const { repository, command, now, signal } = request
  const lock = await home.lock({ command, waitMs: LOCK_WAIT_MS, signal })
  try {
    const before = await registeredRepository(home, repository.id)
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

/** Whether all refs that were published are for those whom they were for. */
function hasSameAudiences(before: RegisteredRepository | undefined, after: RegisteredRepository): boolean {
  const audiences = new Map(publishedRefsOf(after).map(({ ref, audience }) => [ref, audienceKey(audience)]))
  return (
    before !== undefined &&
    publishedRefsOf(before).every((each) => audiences.get(each.ref) === audienceKey(each.audience))
  )
}

/** The repository as the registry shall have it. */
async function registerRefs(
  home: Home,
  before: RegisteredRepository | undefined,
  request: PublishRequest,
): Promise<RegisteredRepository> {
  const { repository, description, publishesPushed } = request
  const { id, path } = repository
  const refs: PublishedRef[] = []
  for (const ref of request.refs) refs.push(await registerRef(home, before, ref, request))
  const names = new Set(request.refs)
  const heads = [...(before?.heads ?? []).filter(({ ref }) => !names.has(ref)), ...refs.filter(isHead)]
  const tags = [...(before?.tags ?? []).filter(({ ref }) => !names.has(ref)), ...refs.filter((ref) => !isHead(ref))]
  const told = description ?? before?.description ?? ''
  const later = publishesPushed ?? before?.publishesPushed
  const writersBefore = before?.writers ?? []
  const writers = request.writers?.(writersBefore) ?? writersBefore
  return {
    id,
    path,
    name: before?.name ?? freeName(home.repositories.list(), nameOfFolder(repository)),
    manifest: await namedKey(home, before?.manifest?.key ?? id),
    ...(told === '' ? {} : { description: told }),
    heads,
    ...(tags.length === 0 ? {} : { tags }),
    ...(writers.length === 0 ? {} : { writers }),
    ...(later === undefined ? {} : { publishesPushed: later }),
  }
}

function isHead(ref: PublishedRef & Partial<NamedKey>): ref is PublishedHead {
  return ref.ref.startsWith(BRANCHES)
}

async function registerRef(
  home: Home,
  before: RegisteredRepository | undefined,
  ref: string,
  { repository, ...request }: PublishRequest,
): Promise<PublishedHead | PublishedTag> {
  // Under the lock: who publishes last publishes the newest.
  const cid = await repository.refs.read(ref)
  if (cid === undefined) throw unborn(ref)
  const refBefore = before && publishedRefsOf(before).find((each) => each.ref === ref)
  const audience = request.audience ?? refBefore?.audience ?? 'public'
  const isFollowing = request.follows ?? refBefore?.follows ?? false
  const published = { ref, audience, cid: cid.toString(), ...(isFollowing ? { follows: true as const } : {}) }
  if (!ref.startsWith(BRANCHES) && audience === 'public' && refBefore?.key === undefined) return published
  const { key, name } = await namedKey(home, refBefore?.key ?? keyNameOf(repository, ref, before))
  return { ...published, key, name }
}

/**
 * The name of the key that a ref gets when it is published for the first time. A branch that was renamed took its key with it:
 * what has its name now gets another one.
 */
export function keyNameOf(
  { id }: Pick<Repository, 'id'>,
  ref: string,
  before: RegisteredRepository | undefined,
): string {
  const taken = new Set(before && publishedRefsOf(before).map(({ key }) => key))
  const short = ref.replace(/^refs\/heads\//, '')
  const isShort = Buffer.byteLength(short) <= MAX_KEY_NAME_BYTES
  const first = `${id}/${isShort ? short : `sha256-${hash('sha256', ref).slice(0, 32)}`}`
  let name = first
  for (let number = 2; taken.has(name); number++) name = `${first}-${number}`
  return name
}

/** A key is a file whose name is three times as long where it has to be encoded; file systems stop at 255 bytes. */
const MAX_KEY_NAME_BYTES = 64

async function namedKey(home: Home, key: string): Promise<NamedKey> {
  return { key, name: (await home.keys.readOrCreate(key)).name }
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

function nameOfFolder({ worktree, path }: Repository): string {
  return basename(worktree ?? path).replace(/\.jzfs$/, '') || 'repository'
}

function freeName(list: RegisteredRepository[], wanted: string): string {
  const taken = new Set(list.map(({ name }) => name))
  let name = wanted
  for (let number = 2; taken.has(name); number++) name = `${wanted}-${number}`
  return name
}

function unborn(ref: string): NotFoundError {
  return new NotFoundError('branch-unborn', `there is no commit to publish: ${ref}`, {
    hint: 'commit something first, or name a branch that `jzfs branch` lists; `jzfs publish --all` publishes what is pushed later',
    details: { ref },
  })
}
