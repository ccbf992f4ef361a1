import type { CID } from 'multiformats/cid'

import { decodeCommit } from '../../model/commit/commit.ts'
import type { Person } from '../../model/commit/person.ts'
import { NotFoundError } from '../../model/errors.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import type { MergeSequence } from '../../repo/sequence/merge-sequence.ts'
import { readSequence } from '../../repo/sequence/sequence.ts'
import type { OpenIndexOptions } from '../index/open-index.ts'
import type { RewriteOptions } from '../rewrite/rewrite-files.ts'
import { worktreeOf } from '../working-tree.ts'
import { type MergeResetReport, resetMerge } from './reset-merge.ts'

export interface EndMergeOptions extends OpenIndexOptions, RewriteOptions {
  /** The command line and who runs it, for the operation log. */
  command: string
  person: Person
}

/**
 * Gives a merge up: index and files are as they were when it began, but for what was changed beside it. Throws NotFoundError
 * `no-merge`, and what `resetMerge` throws.
 */
export async function abortMerge(repository: Repository, options: EndMergeOptions): Promise<MergeResetReport> {
  worktreeOf(repository)
  const { command, person } = options
  using lock = await repository.lock(command, options)
  const sequence = mergeInProgress(repository)
  const tip: CID = (await repository.refs.headCommit()) ?? sequence.before
  const { tree } = decodeCommit(tip, await repository.store.get(tip, { signal: options.signal }))
  const end = { before: sequence, after: undefined }
  return resetMerge(repository, lock, { command, person, sequence: end, tree }, options)
}

/** Forgets that a merge is in progress: index and files stay as they are. Throws NotFoundError `no-merge`. */
export async function quitMerge(repository: Repository, { command, person }: EndMergeOptions): Promise<void> {
  using lock = await repository.lock(command)
  const sequence = mergeInProgress(repository)
  await runOperation(repository, lock, { command, person, sequence: { before: sequence, after: undefined } })
}

/** The merge that waits. Throws NotFoundError `no-merge`. */
export function mergeInProgress(repository: Pick<Repository, 'layout'>): MergeSequence {
  const sequence = readSequence(repository)
  if (sequence?.kind === 'merge') return sequence
  const details = sequence === undefined ? {} : { kind: sequence.kind }
  const hint =
    sequence === undefined
      ? '`jzfs status` says what is in progress'
      : `a ${sequence.kind} is: end it with \`jzfs ${sequence.kind} --continue\` or \`--abort\``
  throw new NotFoundError('no-merge', 'no merge is in progress', { hint, details })
}
