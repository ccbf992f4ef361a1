import type { AbortOptions } from '../../model/block.ts'
import { ConflictError, InvalidError } from '../../model/errors.ts'
import { generateEd25519Key, type Ed25519Key } from '../home/ed25519-key.ts'
import type { Home } from '../home/home.ts'
import { keyMissing, SELF_KEY } from '../home/key-store.ts'
import { publishedRefsOf } from '../home/repository-registry.ts'
import { listOwnNames, writeOwnName } from './own-names.ts'

/** A key of a home, without what is secret of it. */
export interface ListedKey {
  /** What it is called here. */
  key: string
  /** Its IPNS name: `k51…`. */
  name: string
  peerId: string
  /** What it signs for, in words: `the node itself`, `refs/heads/main of /data/beans`. */
  uses: string[]
}

type ChangeOptions = AbortOptions & { command: string }

/** The keys of a home and what they are used for, sorted by what they are called. */
export function listKeys(home: Home): ListedKey[] {
  const uses = usesOfKeys(home)
  return home.keys.list().flatMap((key) => {
    const found = home.keys.read(key)
    return found === undefined
      ? []
      : [{ key, name: found.name, peerId: found.peerId, uses: (uses.get(key) ?? []).map(({ what }) => what) }]
  })
}

/** Makes a new key. Throws ConflictError `key-exists`, InvalidError `key-name-invalid`, ConflictError `locked`. */
export async function generateKey(home: Home, key: string, options: ChangeOptions): Promise<Ed25519Key> {
  return importKey(home, key, generateEd25519Key(), options)
}

/** Keeps a key that was made elsewhere. Throws what `generateKey` throws. */
export async function importKey(
  home: Home,
  key: string,
  made: Ed25519Key,
  options: ChangeOptions,
): Promise<Ed25519Key> {
  const lock = await home.lock(options)
  try {
    await home.keys.add(key, made)
    return made
  } finally {
    lock.release()
  }
}

/**
 * Calls a key something else; what it signs for stays, and so does its IPNS name. Throws NotFoundError `key-missing`,
 * ConflictError `key-exists`, InvalidError `key-name-invalid`, `key-is-node` for the node's own, ConflictError `locked`.
 */
export async function renameKey(
  home: Home,
  rename: { before: string; after: string },
  options: ChangeOptions,
): Promise<Ed25519Key> {
  const { before, after } = rename
  refuseSelf(before, 'renamed')
  refuseSelf(after, 'replaced')
  const lock = await home.lock(options)
  try {
    const key = home.keys.read(before)
    if (key === undefined) throw keyMissing(before)
    // Whoever is interrupted leaves two names of one key, never none; the same rename goes on from there.
    if (home.keys.read(after)?.name !== key.name || before === after) await home.keys.add(after, key)
    const renamed = (name: string): string => (name === before ? after : name)
    const repositories = home.repositories.list()
    if (usesOfKeys(home).has(before)) {
      await home.repositories.write(
        repositories.map((each) => ({
          ...each,
          heads: each.heads.map((head) => ({ ...head, key: renamed(head.key) })),
          ...(each.tags && { tags: each.tags.map((tag) => (tag.key ? { ...tag, key: renamed(tag.key) } : tag)) }),
          ...(each.manifest && { manifest: { ...each.manifest, key: renamed(each.manifest.key) } }),
        })),
      )
      for (const own of listOwnNames(home)) if (own.key === before) await writeOwnName(home, { ...own, key: after })
    }
    await home.keys.remove(before)
    return key
  } finally {
    lock.release()
  }
}

/**
 * Removes a key for good: nobody can sign for its name any more. One that signs for something published is removed only
 * with `force`: else ConflictError `key-in-use` (details: `key`, `name`, `uses`). Throws NotFoundError `key-missing`,
 * InvalidError `key-is-node`, ConflictError `locked`. Returns what it signed for.
 */
export async function removeKey(
  home: Home,
  key: string,
  { force = false, ...options }: ChangeOptions & { force?: boolean },
): Promise<ListedKey> {
  refuseSelf(key, 'removed')
  const lock = await home.lock(options)
  try {
    const found = home.keys.read(key)
    if (found === undefined) throw keyMissing(key)
    const uses = (usesOfKeys(home).get(key) ?? []).map(({ what }) => what)
    if (uses.length > 0 && !force) throw inUse(key, found.name, uses)
    await home.keys.remove(key)
    return { key, name: found.name, peerId: found.peerId, uses }
  } finally {
    lock.release()
  }
}

/** One thing that a key signs for. */
export interface KeyUse {
  /** In words: `refs/heads/main of /data/beans`. */
  what: string
  /** Whether it is a branch, a tag or a repository, whose records `jzfs publish` makes. */
  isBranch: boolean
}

/** By the name of a key, what it signs for. */
export function usesOfKeys(home: Home): Map<string, KeyUse[]> {
  const uses = new Map<string, KeyUse[]>()
  const add = (key: string, use: KeyUse): void => void uses.set(key, [...(uses.get(key) ?? []), use])
  add(SELF_KEY, { what: 'the node itself', isBranch: false })
  for (const registered of home.repositories.list()) {
    const { path, manifest } = registered
    if (manifest !== undefined) add(manifest.key, { what: `the repository ${path}`, isBranch: true })
    for (const { key, ref } of publishedRefsOf(registered)) {
      if (key !== undefined) add(key, { what: `${ref} of ${path}`, isBranch: true })
    }
  }
  for (const { key } of listOwnNames(home)) add(key, { what: 'a name of its own', isBranch: false })
  return uses
}

function refuseSelf(key: string, done: string): void {
  if (key !== SELF_KEY) return
  throw new InvalidError('key-is-node', `the key "${SELF_KEY}" is the node itself and cannot be ${done}`, {
    hint: 'another node home has another identity: set JZFS_HOME',
    details: { key },
  })
}

function inUse(key: string, name: string, uses: string[]): ConflictError {
  const message = `the key ${JSON.stringify(key)} signs for ${uses.join(' and ')}, ipns://${name}`
  return new ConflictError('key-in-use', message, {
    hint: 'without its key a name ends with its last record: `jzfs key export` keeps a copy, --force gives the name up',
    details: { key, name, uses },
  })
}
