import type { AbortOptions } from '../../model/block.ts'
import type { Person } from '../../model/commit/person.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Lock } from '../../store/lock/lock.ts'
import type { Artefact } from '../index/conflict-notes.ts'
import { emptyIndex } from '../index/index-update.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { withArtefacts } from '../merge/resolved-artefacts.ts'
import { rewriteFiles } from '../rewrite/rewrite-files.ts'

/** Changes the index and removes artefacts that are not needed any more, and not changed. Returns those that were. */
export async function removeArtefacts(
  repository: Repository,
  lock: Lock,
  { before, after, artefacts }: { before: StagingIndex; after: StagingIndex; artefacts: readonly Artefact[] },
  options: AbortOptions & { command: string; person: Person },
): Promise<string[]> {
  const { command, person } = options
  const pack = await repository.store.createPack(options)
  try {
    const files = { before: withArtefacts(emptyIndex(), artefacts), after: emptyIndex() }
    const rewrite = { command, person, files, index: after, indexBefore: before, tree: after.tree, discarded: [] }
    return (await rewriteFiles(repository, lock, pack, rewrite, options)).left
  } finally {
    pack.abort()
  }
}
