import { hash } from 'node:crypto'
import { basename } from 'node:path'

import type { CID } from 'multiformats/cid'

import { NotFoundError } from '../../model/errors.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Home } from '../home/home.ts'
import {
  type NamedKey,
  type PublishedHead,
  type PublishedRef,
  publishedRefsOf,
  type PublishedTag,
  type RegisteredRepository,
} from '../home/repository-registry.ts'
import type { PublishRequest } from './publish.ts'

/** Refs to register, as `publishRefs` is asked to. */
export interface RefsToRegister extends Omit<PublishRequest, 'ifStillPublished' | 'command' | 'now' | 'signal'> {
  /** What they are published as (default: what they are now). */
  at?: ReadonlyMap<string, CID> | undefined
}

/**
 * The repository as the registry shall have it when these refs are published. Makes keys that are missing. Throws NotFoundError
 * `branch-unborn` (details: `ref`). The caller holds the home's lock.
 */
export async function registerRefs(
  home: Home,
  before: RegisteredRepository | undefined,
  request: RefsToRegister,
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
  { repository, at, ...request }: RefsToRegister,
): Promise<PublishedHead | PublishedTag> {
  // Under the lock: who publishes last publishes the newest.
  const cid = at?.get(ref) ?? (await repository.refs.read(ref))
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
