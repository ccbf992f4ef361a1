import { readFileSync } from 'node:fs'

import { writeFileDurably } from '../../store/durable.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import { isRecentlyChanged, versionOfFile } from './file-version.ts'
import { formatRegistry, parseRegistry } from './registry-format.ts'

/** Who may fetch a published head: everyone, or these peers (peer ids) over `/jzfs/sync/1` only. */
export type Audience = 'public' | { peers: string[] }

/** A key of the home, and the name that it signs. */
export interface NamedKey {
  /** The name of the key in the home. */
  key: string
  /** Its IPNS name: `k51…`. */
  name: string
}

/** A ref that is published. */
export interface PublishedRef {
  /** In full: `refs/heads/main`, `refs/tags/v1`. */
  ref: string
  audience: Audience
  /** What it was when it was published, as text; undefined in a file of format 1, where only the record says it. */
  cid?: string
  /** Whether the daemon publishes it again when it moves (default: only a command does). */
  follows?: true
}

/** A branch that is published. */
export interface PublishedHead extends PublishedRef, NamedKey {}

/** A tag that is published. It has a name of its own only where it is not for everybody: the manifest does not tell it then. */
export interface PublishedTag extends PublishedRef, Partial<NamedKey> {}

/** A repository that this home knows. */
export interface RegisteredRepository {
  /** Its stable id. */
  id: string
  /** Its `.jzfs` folder, or its folder where it is bare: absolute. */
  path: string
  /** A short name, unique in this home. */
  name: string
  /** What signs its manifest; undefined in a file of format 1, until it is published again. */
  manifest?: NamedKey
  /** What it is, for people (default: nothing). */
  description?: string
  heads: PublishedHead[]
  tags?: PublishedTag[]
  /** The peers (by id) that may push to it (default: none). */
  writers?: string[]
  /** Who may have refs that are pushed and were not published before (default: those who may push). */
  publishesPushed?: Audience
}

/** All refs of a repository that are published. */
export function publishedRefsOf({ heads, tags = [] }: RegisteredRepository): (PublishedRef & Partial<NamedKey>)[] {
  return [...heads, ...tags]
}

/** The file `repositories.json` of a home. */
export interface RepositoryRegistry {
  /** All repositories, as the file has them now. Throws IntegrityError `repositories-corrupt`. */
  list(): RegisteredRepository[]
  /** Replaces the list durably. The caller holds the home's lock since before it read. */
  write(repositories: RegisteredRepository[]): Promise<void>
}

/** The registry in the file at `path`; no file is an empty list. */
export function createRepositoryRegistry(path: string): RepositoryRegistry {
  let known: { version: string; text: string | undefined; list: RegisteredRepository[] } | undefined
  return {
    list() {
      // Many questions are answered from one state of the file: it is not read anew for each.
      const version = versionOfFile(path)
      if (known?.version === version && !isRecentlyChanged(path)) return [...known.list]
      const text = readText(path)
      const list = known !== undefined && known.text === text ? known.list : parseRegistry(text, path)
      known = { version, text, list }
      return [...known.list]
    },
    write: (repositories) => writeFileDurably(path, formatRegistry(repositories), { mode: 0o600 }),
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return undefined
    throw explainFsError(error, path)
  }
}
