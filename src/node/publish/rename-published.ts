import type { AbortOptions } from '../../model/block.ts'
import type { Home } from '../home/home.ts'

/**
 * Follows a branch that was renamed: it keeps its key, its name and its publication. Nothing happens where the branch is
 * not published. Throws ConflictError `locked`.
 */
export async function renamePublished(
  home: Home,
  rename: { repositoryId: string; before: string; after: string },
  options: AbortOptions & { command: string },
): Promise<void> {
  const lock = await home.lock(options)
  try {
    const list = home.repositories.list()
    const repository = list.find(({ id }) => id === rename.repositoryId)
    const head = repository?.heads.find(({ ref }) => ref === rename.before)
    if (repository === undefined || head === undefined) return
    const others = repository.heads.filter(({ ref }) => ref !== rename.before && ref !== rename.after)
    const heads = [...others, { ...head, ref: rename.after }]
    await home.repositories.write(list.map((each) => (each === repository ? { ...each, heads } : each)))
  } finally {
    lock.release()
  }
}
