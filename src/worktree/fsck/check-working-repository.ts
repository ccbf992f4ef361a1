import { existsSync } from 'node:fs'

import { IntegrityError, JzfsError } from '../../model/errors.ts'
import type { CheckRun } from '../../repo/fsck/check-run.ts'
import type { FsckFinding } from '../../repo/fsck/fsck-finding.ts'
import { checkRepository, type FsckOptions } from '../../repo/fsck/fsck.ts'
import { cidsInText } from '../../repo/gc/cids-in-text.ts'
import { settledIndexPath } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import type { VerifyProgress } from '../../repo/verify/verify-run.ts'
import { openAddProgress } from '../add/add-progress.ts'
import { noteDocument } from '../index/conflict-notes.ts'
import { knownDirectory, staleDirectory } from '../index/index-directories.ts'
import { FORM_RAW, FORM_SHIFT, KIND_EXECUTABLE, KIND_MASK } from '../index/index-entry.ts'
import { readIndexFile } from '../index/index-file.ts'
import { readSettledIndex } from '../index/next-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'

/** Checks a whole repository, as `checkRepository`, with its index: the file, and the blocks of the entries of all stages. */
export function checkWorkingRepository(
  repository: Repository,
  options: Omit<FsckOptions, 'checkMore' | 'markMore'> = {},
): AsyncGenerator<FsckFinding, VerifyProgress> {
  let index: StagingIndex | undefined
  return checkRepository(repository, {
    ...options,
    async *checkMore(run) {
      const path = indexPath(repository)
      try {
        index = path === repository.layout.index ? readIndexFile(path) : await readSettledIndex(repository)
      } catch (error) {
        yield indexProblem(run, error, path)
        return
      }
      if (await isIndexLost(repository, path)) yield indexLost(path)
      yield* checkEntries(run, index)
    },
    async *markMore(run) {
      if (index !== undefined) yield* markDirectories(run, index)
      const { layout, worktree } = repository
      if (worktree === undefined) return
      const leaves = openAddProgress(layout.addProgress, worktree).leaves()
      for (const digest of leaves) run.walk.leaves.set(digest, 0)
    },
  })
}

async function isIndexLost({ worktree, refs }: Repository, path: string): Promise<boolean> {
  if (worktree === undefined || existsSync(path)) return false
  try {
    return (await refs.headCommit()) !== undefined
  } catch (error) {
    if (error instanceof JzfsError) return false
    throw error
  }
}

/** A repository that was only given refs has none either. */
function indexLost(path: string): FsckFinding {
  const message = `there is no index, so that everything in HEAD seems to be deleted: ${path}`
  const hint = 'run `jzfs reset` to read it from HEAD'
  return { kind: 'record', severity: 'warning', code: 'index-missing', message, path, hint }
}

function indexProblem(run: CheckRun, error: unknown, path: string): FsckFinding {
  const problem = run.problem(error, path)
  const reason = error instanceof JzfsError ? error.details['reason'] : undefined
  if (typeof reason !== 'string') return problem
  // The next command that reads it makes it anew, which has not happened here.
  const hint = 'any command that changes the index makes it anew from HEAD; then add again what was staged'
  return { ...problem, message: `the index is damaged (${reason}): ${path}`, hint }
}

/** As if an interrupted operation were finished, where that can be known. */
function indexPath(repository: Repository): string {
  try {
    return settledIndexPath(repository)
  } catch (error) {
    if (error instanceof IntegrityError) return repository.layout.index
    throw error
  }
}

async function* checkEntries(run: CheckRun, index: StagingIndex): AsyncGenerator<FsckFinding> {
  const { columns, count } = index
  for (let position = 0; position < count; position++) {
    const bits = columns.bits[position] as number
    const digest = columns.digests.subarray(position * 32, position * 32 + 32)
    const isLeaf = ((bits >> FORM_SHIFT) & 0b11) === FORM_RAW
    // Nearly all are in the tree of HEAD, and were met there: no path is made for them.
    if (isLeaf && run.walk.leaves.get(digest) === columns.tsize[position]) continue
    yield* run.followEntry(index.cid(position), columns.tsize[position] as number, index.path(position))
  }
}

/** What the index could do without: contents without their mode, directories that it knows, the tree it was read from, notes of conflicts. */
async function* markDirectories(run: CheckRun, index: StagingIndex): AsyncGenerator<FsckFinding> {
  const { columns, directories, tree, count, notes } = index
  if (tree !== undefined) yield* run.mark(tree)
  for (let position = 0; position < count; position++) {
    const kind = (columns.bits[position] as number) & KIND_MASK
    if (kind === KIND_EXECUTABLE) yield* run.mark(index.contentCid(position))
  }
  for (let directory = 0; directory < directories.first.length; directory++) {
    const cid = knownDirectory(directories, directory)?.cid ?? staleDirectory(directories, directory)?.cid
    if (cid !== undefined) yield* run.mark(cid)
  }
  for (const cid of cidsInText(JSON.stringify(notes.map(noteDocument)))) yield* run.mark(cid)
}
