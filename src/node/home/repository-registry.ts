import { readFileSync } from 'node:fs'

import { writeFileDurably } from '../../store/durable.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import { formatRegistry, parseRegistry } from './registry-format.ts'

/** Who may fetch a published head: everyone, or these peers (peer ids) over `/jzfs/sync/1` only. */
export type Audience = 'public' | { peers: string[] }

/** A head that is published. What it names at the moment stands in its digest set and in its record. */
export interface PublishedHead {
  /** The full name of the ref: `refs/heads/main`. */
  ref: string
  /** The name of its key in the home. */
  key: string
  /** The IPNS name of that key: `k51…`. */
  name: string
  audience: Audience
}

/** A repository that this home knows. */
export interface RegisteredRepository {
  /** Its stable id. */
  id: string
  /** Its `.jzfs` folder, or its folder where it is bare: absolute. */
  path: string
  /** A short name, unique in this home. */
  name: string
  heads: PublishedHead[]
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
  return {
    list: () => parseRegistry(readText(path), path),
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
