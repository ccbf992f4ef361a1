import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'

import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { ConflictError, NotFoundError } from '../../model/errors.ts'
import { openRepository, type Repository } from '../../repo/repository.ts'
import { type IpnsRecord, RECORD_LIFETIME_MS } from '../../sync/names/ipns-record.ts'
import { openKnownNames } from '../../sync/names/known-names.ts'
import { publishHead } from '../../sync/publish/published-set.ts'
import type { Ed25519Key } from '../home/ed25519-key.ts'
import type { Home } from '../home/home.ts'
import type { Audience, PublishedHead, RegisteredRepository } from '../home/repository-registry.ts'
import { headSetPath } from './published-files.ts'

/** What shall be published. */
export interface PublishRequest extends AbortOptions {
  repository: Repository
  /** The full name of the branch: `refs/heads/main`. */
  ref: string
  /** Who may fetch it (default: as before, `public` at first). */
  audience?: Audience
  /** The command line, for those who wait for the home's lock. */
  command: string
  now: Date
}

/** A head that is published. */
export interface Publication {
  /** The IPNS name: `k51…`. */
  name: string
  ref: string
  commit: CID
  record: IpnsRecord
  audience: Audience
  /** How many blocks it reaches. */
  blocks: number
  /** False where everything was published like this already. */
  changed: boolean
  /** Where the repository was when it was published last, if it was elsewhere. */
  movedFrom: string | undefined
}

/** Walking a dataset takes a while, and others may be at it. */
const LOCK_WAIT_MS = 60_000

/**
 * Publishes a branch: from now on this node's daemon, if there is one, serves what the branch's commit reaches, and says
 * so under the branch's IPNS name. The key is made the first time. Needs no daemon and tells none: it reads the files.
 *
 * The digest set is durable first, then the record, whose sequence is raised before it can leave, then the registry.
 * Throws NotFoundError `branch-unborn` (details: `ref`), ConflictError `repository-copied` (details: `path`, `other`), what
 * `publishHead` and `KnownNames.publish` throw, and ConflictError `locked`.
 */
export async function publishBranch(home: Home, request: PublishRequest): Promise<Publication> {
  const { repository, ref, command, now, signal } = request
  const lock = await home.lock({ command, waitMs: LOCK_WAIT_MS, signal })
  try {
    // Under the lock: who publishes last publishes the newest.
    const commit = await repository.refs.read(ref)
    if (commit === undefined) throw unborn(ref)
    const before = home.repositories.list()
    const registered = before.find(({ id }) => id === repository.id)
    const movedFrom = await whereItWas(registered, repository)
    const headBefore = registered?.heads.find((head) => head.ref === ref)
    const key = await home.keys.readOrCreate(headBefore?.key ?? keyNameOf(repository, ref))
    const audience = request.audience ?? headBefore?.audience ?? 'public'
    const { blocks, added } = await publishHead(headSetPath(home.layout, key.name), repository.store, commit, {
      signal,
    })
    const signed = await signRecord(home, key, commit, now)
    const head = { ref, key: headBefore?.key ?? keyNameOf(repository, ref), name: key.name, audience }
    const isRegistered = movedFrom === undefined && JSON.stringify(head) === JSON.stringify(headBefore)
    if (!isRegistered) await home.repositories.write(withHead(before, repository, head))
    const changed = added > 0 || signed.isNew || !isRegistered
    return { name: key.name, ref, commit, record: signed.record, audience, blocks, changed, movedFrom }
  } finally {
    lock.release()
  }
}

/** The name of the key that a branch gets when it is published for the first time. */
function keyNameOf({ id }: Repository, ref: string): string {
  return `${id}/${ref.replace(/^refs\/heads\//, '')}`
}

/** Signs a record, unless the newest says the same and has more than half of its life before it. */
async function signRecord(
  home: Home,
  key: Ed25519Key,
  cid: CID,
  now: Date,
): Promise<{ record: IpnsRecord; isNew: boolean }> {
  const names = openKnownNames(home.layout.names)
  const newest = await names.record(key.name)
  if (newest?.cid.equals(cid) === true && !isPastHalfLife(newest, now)) return { record: newest, isNew: false }
  return { record: await names.publish({ privateKey: key.protobuf, cid, now }), isNew: true }
}

/** Whether a record has less than half of its life before it. */
export function isPastHalfLife({ expires }: IpnsRecord, now: Date): boolean {
  return expires.getTime() - now.getTime() < RECORD_LIFETIME_MS / 2
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

function withHead(list: RegisteredRepository[], repository: Repository, head: PublishedHead): RegisteredRepository[] {
  const { id, path } = repository
  const before = list.find((each) => each.id === id)
  const heads = [...(before?.heads ?? []).filter(({ ref }) => ref !== head.ref), head]
  const name = before?.name ?? freeName(list, basename(repository.worktree ?? dirname(path)))
  return [...list.filter((each) => each.id !== id), { id, path, name, heads }]
}

function freeName(list: RegisteredRepository[], wanted: string): string {
  const taken = new Set(list.map(({ name }) => name))
  let name = wanted || 'repository'
  for (let number = 2; taken.has(name); number++) name = `${wanted}-${number}`
  return name
}

function unborn(ref: string): NotFoundError {
  return new NotFoundError('branch-unborn', `there is no commit to publish: ${ref}`, {
    hint: 'commit something first, or name a branch that `jzfs branch` lists',
    details: { ref },
  })
}
