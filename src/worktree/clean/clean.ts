import type { Person } from '../../model/commit/person.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import { InvalidError, type JzfsError } from '../../model/errors.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import type { Lock } from '../../store/lock/lock.ts'
import { worktreeStep } from '../checkout/worktree-step.ts'
import { fromByteString, toByteString } from '../index/byte-string.ts'
import { emptyFolderEntry } from '../index/index-entry.ts'
import { emptyIndex, updateIndex } from '../index/index-update.ts'
import { openIndex, type OpenIndexOptions } from '../index/open-index.ts'
import { writeTree } from '../index/write-tree.ts'
import { pathFilter, type Pathspec } from '../pathspec/pathspec.ts'
import { keepLocalContent } from '../rewrite/keep-local-content.ts'
import type { RewriteOptions, RewrittenFiles } from '../rewrite/rewrite-files.ts'
import { isEmptyFolder } from '../rewrite/scan-in-the-way.ts'
import { fileSystemClock } from '../scan/file-system-clock.ts'
import { scanProblems } from '../scan/scan-problem.ts'
import type { FoundPath, ScanProblemReason } from '../scan/scan.ts'
import { worktreeOf } from '../working-tree.ts'
import { findUnwanted, type CleanRequest, type Unwanted } from './find-unwanted.ts'
import { planRemoval, type Removal } from './plan-removal.ts'
import { removeForGood } from './remove-for-good.ts'

export interface CleanOptions extends OpenIndexOptions, RewriteOptions, Omit<CleanRequest, 'filter'> {
  /** The command line and who runs it, for the operation log. */
  command: string
  person: Person
  /** Only what is there; none: everything. */
  pathspecs: readonly Pathspec[]
  /** Remove also what undo cannot bring back: repositories, special files, and more than is kept (`undo.maxSize`). */
  force?: boolean
  dryRun?: boolean
  /** The folder that the user stands in, from the top: it stays, empty or not. */
  standing?: string
}

/** What was removed, or would be. */
export interface Cleaned extends RewrittenFiles {
  /** Paths in the order of their bytes; a folder that goes with all that is in it is one, with a final slash. */
  removed: string[]
  /** What was not removed, since undo could not bring it back. */
  skipped: OtherPath[]
  /** What was removed for good: with `force`. */
  forGood: OtherPath[]
  /** What is in `removed` beside that, and whether undo brings it back. */
  files: number
  sizeBytes: number
  isKept: boolean
}

/** What can only be removed for good, and why. */
export interface OtherPath {
  path: string
  reason: Exclude<ScanProblemReason, 'unreadable'>
}

/**
 * Removes what is not tracked, as `git clean` does, and keeps it for undo. Artefacts of conflicts are not touched, nor is `.git` at
 * the top or in a folder with tracked files.
 *
 * Throws, with nothing changed, InvalidError `cannot-be-undone` (details: `sizeBytes`, `maxBytes`) for more than `undo.maxSize`, unless
 * `force` is set: then nothing is kept. InvalidError `no-worktree` in a bare repository.
 */
export async function cleanWorktree(repository: Repository, options: CleanOptions): Promise<Cleaned> {
  worktreeOf(repository)
  if (options.dryRun === true) return (await planClean(repository, options)).report
  using lock = await repository.lock(options.command, options)
  const plan = await planClean(repository, options)
  const { report } = plan
  if (!report.isKept && options.force !== true) throw tooMuch(report.sizeBytes, repository)
  const done = await removeAll(repository, lock, plan, options)
  const failed = [...report.failed, ...done.failed]
  return { ...report, left: done.left, failed }
}

interface CleanPlan {
  unwanted: Unwanted
  removal: Removal
  report: Cleaned
}

async function planClean(repository: Repository, options: CleanOptions): Promise<CleanPlan> {
  const worktree = worktreeOf(repository)
  const index = await openIndex(repository, options)
  const filter = pathFilter(options.pathspecs)
  const unwanted = withoutFolder(findUnwanted(repository, index, { ...options, filter }), options.standing)
  const isOthersToo = options.force === true
  const removal = planRemoval(worktree, index, unwanted, {
    filter,
    isOthersToo,
    onlyIgnored: options.ignored === 'only',
  })
  const files = unwanted.paths.filter((found) => !isEmptyFolder(found))
  const sizeBytes = files.reduce((sum, { stat }) => sum + stat.size, 0)
  const report: Cleaned = {
    removed: removal.shown.map(fromByteString),
    skipped: isOthersToo ? [] : othersOf(unwanted),
    forGood: isOthersToo ? othersOf(unwanted) : [],
    files: files.length,
    sizeBytes,
    isKept: sizeBytes <= repository.config.get('undo.maxSize'),
    left: [],
    failed: unreadableOf(unwanted, worktree),
  }
  return { unwanted, removal, report }
}

function withoutFolder(unwanted: Unwanted, folder: string | undefined): Unwanted {
  if (folder === undefined || folder === '') return unwanted
  const key = toByteString(folder)
  return {
    ...unwanted,
    paths: unwanted.paths.filter((found) => found.key !== key),
    others: unwanted.others.filter((other) => other.key !== key && !key.startsWith(`${other.key}/`)),
    kept: [...unwanted.kept, key],
  }
}

function othersOf({ others }: Unwanted): OtherPath[] {
  return others.map(({ key, reason }) => ({
    path: fromByteString(key),
    reason: reason as OtherPath['reason'],
  }))
}

function unreadableOf({ unreadable }: Unwanted, worktree: string): Cleaned['failed'] {
  return unreadable.map((problem) => ({
    path: fromByteString(problem.key),
    error: scanProblems({ problems: [problem] }, worktree)[0] as JzfsError,
  }))
}

async function removeAll(
  repository: Repository,
  lock: Lock,
  { unwanted, removal, report }: CleanPlan,
  options: CleanOptions,
): Promise<RewrittenFiles> {
  const forGood = options.force === true ? unwanted.others.map(({ key }) => key) : []
  if (unwanted.paths.length === 0) return { left: [], failed: removeForGood(repository, forGood) }
  const { store } = repository
  const pack = await store.createPack(options)
  try {
    const scan = scanOf(unwanted.paths)
    const keeping = { ...options, force: !report.isKept, clock: fileSystemClock(repository.layout.tmp) }
    const kept = await keepLocalContent(repository, emptyIndex(), scan, pack, keeping)
    const emptied = removal.emptied.map(fromByteString).map((path) => ({ path, entries: [emptyFolderEntry(path)] }))
    const before = await writeTree(kept.files, (block) => void pack.add(block), store)
    const after = await writeTree(updateIndex(emptyIndex(), emptied), (block) => void pack.add(block), store)
    pack.add(EMPTY_DIRECTORY)
    await pack.finish()
    const { command, person } = options
    const discarded = kept.discarded.map(({ path, cid }) => ({ path, cid }))
    const plan = { command, person, worktree: { before, after }, discarded, overwritten: kept.overwritten }
    let done: RewrittenFiles = { left: [], failed: [] }
    await runOperation(repository, lock, plan, async (entry) => {
      const failed = removeForGood(repository, forGood)
      const staying = new Set(emptied.map(({ path }) => path))
      const { onProgress } = options
      const step = { staying, index: kept.files, ...(onProgress && { onProgress }) }
      const { left, failed: unwritten } = await worktreeStep(entry, repository, step)
      done = { left, failed: [...failed, ...unwritten] }
    })
    return done
  } finally {
    pack.abort()
  }
}

/** A scan that found these paths, and nothing else. */
function scanOf(untracked: FoundPath[]) {
  const nothing = {
    states: new Uint8Array(0),
    stats: new Map(),
    ignored: [],
    artefacts: [],
    problems: [],
    skippedGit: [],
  }
  return { ...nothing, untracked }
}

function tooMuch(sizeBytes: number, { config }: Repository): InvalidError {
  const maxBytes = config.get('undo.maxSize')
  return new InvalidError(
    'cannot-be-undone',
    `this removes ${sizeBytes} bytes, more than is kept for undo (undo.maxSize: ${maxBytes})`,
    { hint: 'use -ff to remove them for good, or raise undo.maxSize', details: { sizeBytes, maxBytes } },
  )
}
