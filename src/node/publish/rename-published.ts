import type { AbortOptions } from '../../model/block.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Home } from '../home/home.ts'
import { registeredRepository } from './registered-repository.ts'
import { writePublication } from './write-publication.ts'

/**
 * Follows a branch that was renamed: it keeps its key, its name and its publication, and the manifest says its new name.
 * Nothing happens where the branch is not published. Throws ConflictError `locked`.
 */
export async function renamePublished(
  home: Home,
  rename: { repository: Repository; before: string; after: string },
  options: AbortOptions & { command: string; now: Date },
): Promise<void> {
  const { repository } = rename
  const lock = await home.lock(options)
  try {
    const before = await registeredRepository(home, repository.id)
    const head = before?.heads.find(({ ref }) => ref === rename.before)
    if (before === undefined || head === undefined) return
    const others = before.heads.filter(({ ref }) => ref !== rename.before && ref !== rename.after)
    const after = { ...before, heads: [...others, { ...head, ref: rename.after }] }
    await writePublication(home, { before, after, repository, now: options.now, signal: options.signal })
  } finally {
    lock.release()
  }
}
