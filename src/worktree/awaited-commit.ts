import { decodeCommit } from '../model/commit/commit.ts'
import type { Person } from '../model/commit/person.ts'
import type { Repository } from '../repo/repository.ts'
import { readSequence } from '../repo/sequence/sequence.ts'

/** What the next commit is unless the user says otherwise. */
export interface AwaitedCommit {
  message: string
  /** Undefined: whoever commits. */
  author: Person | undefined
}

/** The commit that a merge, cherry-pick, revert or rebase waits for; undefined where none does. Throws as `readSequence`. */
export async function readAwaitedCommit(repository: Repository): Promise<AwaitedCommit | undefined> {
  const sequence = readSequence(repository)
  if (sequence === undefined) return undefined
  if (sequence.kind === 'merge') return { message: sequence.message, author: undefined }
  const { stopped, kind } = sequence
  if (stopped === undefined) return undefined
  const { author } = decodeCommit(stopped.commit, await repository.store.get(stopped.commit))
  return { message: stopped.message, author: kind === 'revert' ? undefined : author }
}
