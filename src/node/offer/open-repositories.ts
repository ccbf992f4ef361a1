import { statSync } from 'node:fs'

import { NotFoundError } from '../../model/errors.ts'
import { openRepository, type Repository } from '../../repo/repository.ts'

/** Repositories that stay open between requests. */
export interface OpenRepositories {
  /**
   * The repository in a folder, which must still be the one with that id (undefined: any). Throws NotFoundError
   * `repository-moved` (details: `path`, `id`) and what `openRepository` throws.
   */
  get(path: string, id: string | undefined): Promise<Repository>
  close(): Promise<void>
}

/** Opens repositories when they are first asked for. */
export function createOpenRepositories(command: string): OpenRepositories {
  const opened = new Map<string, { version: string; repository: Promise<Repository> }>()
  const forget = async (path: string): Promise<void> => {
    const before = opened.get(path)
    opened.delete(path)
    await before?.repository.then((repository) => repository.close()).catch(() => undefined)
  }
  return {
    async get(path, id) {
      const version = versionOf(path)
      if (version === undefined) {
        await forget(path)
        throw repositoryMoved(path, id)
      }
      if (opened.get(path)?.version !== version) {
        await forget(path)
        opened.set(path, { version, repository: openRepository(path, { command }) })
      }
      const repository = await opened.get(path)?.repository
      if (repository === undefined || (id !== undefined && repository.id !== id)) throw repositoryMoved(path, id)
      return repository
    },
    async close() {
      await Promise.all([...opened.keys()].map(forget))
    },
  }
}

/** How long one request takes a repository that was looked at to be in its place, in milliseconds. */
const SEEN_MS = 100

/** The repositories of one request, which asks for the same ones with each block: it looks at a folder now and then only. */
export interface SeenRepositories extends Pick<OpenRepositories, 'get'> {
  /** A repository that was looked at just now. */
  seen(path: string, id: string | undefined): Repository | undefined
}

/** Starts a request. */
export function createSeenRepositories({ get }: OpenRepositories): SeenRepositories {
  const looked = new Map<string, { untilMs: number; repository: Repository }>()
  const seen = (path: string, id: string | undefined): Repository | undefined => {
    const known = looked.get(path)
    if (known === undefined || known.untilMs < performance.now()) return undefined
    return id === undefined || known.repository.id === id ? known.repository : undefined
  }
  return {
    seen,
    async get(path, id) {
      const known = seen(path, id)
      if (known !== undefined) return known
      const repository = await get(path, id)
      looked.set(path, { untilMs: performance.now() + SEEN_MS, repository })
      return repository
    },
  }
}

/** Tells a folder from another one that took its place. */
function versionOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}:${stat.birthtimeNs}`
}

function repositoryMoved(path: string, id: string | undefined): NotFoundError {
  return new NotFoundError('repository-moved', `the published repository is not there any more: ${path}`, {
    hint: 'publish it again from where it is now, or unpublish it',
    details: { path, id },
  })
}
