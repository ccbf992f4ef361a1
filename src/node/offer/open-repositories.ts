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

/** `get` for one request, which asks for the same repositories again with each block: it looks at a folder now and then only. */
export function getSeldom({ get }: OpenRepositories): OpenRepositories['get'] {
  const seen = new Map<string, { untilMs: number; repository: Repository }>()
  return async (path, id) => {
    const nowMs = performance.now()
    const known = seen.get(path)
    if (known !== undefined && known.untilMs > nowMs && (id === undefined || known.repository.id === id)) {
      return known.repository
    }
    const repository = await get(path, id)
    seen.set(path, { untilMs: nowMs + SEEN_MS, repository })
    return repository
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
