import type { AbortOptions } from '../../model/block.ts'
import { ConflictError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import { listPaths } from '../rewrite/would-overwrite.ts'
import { readStatus } from '../status/status.ts'

/** Refuses to rebase where tracked files or the index are not as HEAD has them: ConflictError `local-changes` (details: `paths`). */
export async function refuseLocalChanges(repository: Repository, { signal }: AbortOptions = {}): Promise<void> {
  const status = await readStatus(repository, { untracked: 'none', renames: false, signal })
  const paths = [...new Set([...status.staged, ...status.unstaged].map(({ path }) => path))]
  if (paths.length === 0) return
  throw new ConflictError('local-changes', `cannot rebase: there are local changes: ${listPaths(paths)}`, {
    hint: 'commit them, or put them aside with `jzfs stash`',
    details: { paths },
  })
}
