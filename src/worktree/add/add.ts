import { lstatSync } from 'node:fs'

import type { AbortOptions } from '../../model/block.ts'
import type { Person } from '../../model/commit/person.ts'
import { InvalidError, JzfsError, UnavailableError } from '../../model/errors.ts'
import { pendingOperation } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import type { IngestProgress } from '../../store/ingest/ingest-request.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { openIgnore } from '../ignore/ignore.ts'
import { fromByteString } from '../index/byte-string.ts'
import type { IndexedChange } from '../index/index-update.ts'
import { openIndex } from '../index/open-index.ts'
import type { OpenIndexOptions } from '../index/open-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { matchesPathspec, pathFilter, pathspecUnmatched } from '../pathspec/pathspec.ts'
import type { Pathspec } from '../pathspec/pathspec.ts'
import { fileSystemClock } from '../scan/file-system-clock.ts'
import { FoundPaths } from '../scan/found-paths.ts'
import { scanProblems } from '../scan/scan-problem.ts'
import { scanWorktree } from '../scan/scan-worktree.ts'
import { NOT_SCANNED } from '../scan/scan.ts'
import type { Scan, ScanProblem } from '../scan/scan.ts'
import { isPassedOver } from '../scan/special-file.ts'
import { compareFile } from '../status/compare-file.ts'
import { ignoreFileOf, keepsOf, worktreeOf } from '../working-tree.ts'
import { applyStaged } from './add-apply.ts'
import { planAdd, planFound } from './add-plan.ts'
import type { AddPlan, FileRequest } from './add-plan.ts'
import { openAddProgress, type AddProgress } from './add-progress.ts'
import { findLostContent } from './find-lost-content.ts'
import { ingestPlan } from './ingest-plan.ts'
import { createPackedEntries } from './packed-entries.ts'

export interface AddOptions extends OpenIndexOptions {
  /** The command line and who runs it, for the operation log. */
  command: string
  person: Person
  /** Only paths that are in the index already (`-u`). */
  update?: boolean
  /** Ignored paths as well, and files in conflict that still have conflict markers (`-f`). */
  force?: boolean
  /** Stage what can be staged, and return the errors (`--ignore-errors`). */
  ignoreErrors?: boolean
  /** Say what would be done, and do nothing (`-n`). */
  dryRun?: boolean
  /** Record what the index was, for `undo`: where staging is a part of what a command does. */
  recordsIndex?: boolean
  onProgress?: ((progress: IngestProgress) => void) | undefined
  /** After so many bytes what was read is made durable, so that a repeat need not read it again (see `IngestOptions`). */
  checkpointBytes?: number | undefined
}

/** What was staged, or would be: paths sorted by their bytes. */
export interface AddResult {
  /** New or with other content. */
  added: string[]
  removed: string[]
  /** What could not be staged, with `ignoreErrors`. */
  errors: JzfsError[]
  /** `.git` folders that were passed over. */
  skippedGit: string[]
  /** FIFOs, sockets and devices that were passed over: none of them was named. */
  skippedSpecial: string[]
  /** Artefacts of conflicts that were resolved, and that were changed: they stay. */
  kept: string[]
  /** The index as it is now. */
  index: StagingIndex
}

/**
 * Stages files: what is new, what changed and what was removed, within the pathspecs (none: the whole working tree).
 *
 * Files are hashed into a pack without the lock; then the lock is taken and the index changed in one operation. It is all
 * or nothing, unless `ignoreErrors` is set. With nothing to stage nothing is written but, at times, refreshed stat data.
 *
 * Throws what is wrong with the one file, or UnavailableError `add-incomplete` (details: `errors`) for several;
 * NotFoundError `pathspec-unmatched`; InvalidError `path-ignored` (details: `paths`) for ignored paths that were named, and
 * `path-is-artefact`; ConflictError `conflict-markers` (details: `paths`) for conflicts that are not settled, and not named.
 */
export async function addPaths(
  repository: Repository,
  pathspecs: readonly Pathspec[],
  options: AddOptions,
): Promise<AddResult> {
  const worktree = worktreeOf(repository)
  await endInterrupted(repository, options)
  const index = await openIndex(repository, options)
  const found = new FoundPaths()
  const scan = scanWorktree({
    worktree,
    found,
    index,
    ignore: options.force === true ? undefined : openIgnore(worktree, ignoreFileOf(repository)),
    filter: pathFilter(pathspecs),
    untracked: options.update === true ? 'none' : 'all',
    ignored: pathspecs.length > 0,
    keeps: keepsOf(repository),
  })
  await findLostContent({ store: repository.store, worktree }, pathspecs, { index, scan }, options)
  const refused = refusePathspecs(worktree, pathspecs, { index, scan, found }, options)
  const marked = options.force === true ? [] : await findMarkers(worktree, pathspecs, { index, scan })
  const { problems, skippedSpecial } = partProblems(pathspecs, { index, scan })
  const errors = [...refused, ...marked, ...scanProblems({ problems }, worktree)]
  const skipped = { skippedGit: scan.skippedGit.map(fromByteString), skippedSpecial }
  if (options.ignoreErrors !== true) throwErrors(errors)
  // Before the first byte is read: a file that is older now, and hashed after, cannot change unseen.
  const isIdle = scan.stats.size === 0 && found.length === 0
  const clock = isIdle ? undefined : fileSystemClock(repository.layout.tmp)
  const context = { worktree, keeps: keepsOf(repository), clock }
  const plan = planAdd(worktree, index, scan, context)
  if (options.dryRun === true)
    return { ...(await previewAdd(repository, { index, scan, found }, plan, options)), ...skipped, kept: [], errors }
  const newFiles = planFound(plan, found, context)
  if (options.ignoreErrors !== true) throwErrors([...errors, ...plan.errors])
  const needsPack = plan.files.length + plan.blocks.length + found.length > 0
  // Longer than the pack's own: until the index names what is stored, and what was found to be there already.
  using _lease = needsPack ? await repository.store.lease(options) : undefined
  const pack = needsPack ? await repository.store.createPack(options) : undefined
  try {
    const progress = openAddProgress(repository.layout.addProgress, worktree)
    const read = await readPlan(pack, plan, newFiles, { ...options, clock, progress })
    found.clear()
    errors.push(...plan.errors, ...read.errors)
    await pack?.finish()
    const staged = await keepOnFailure(progress, async () => {
      if (options.ignoreErrors !== true) throwErrors(errors)
      return applyStaged(repository, index, { changes: read.changes, removed: plan.removed }, options)
    })
    await progress.forget(read.changes.map(({ path }) => path))
    return { ...staged, ...skipped, errors }
  } catch (error) {
    pack?.abort()
    throw error
  }
}

/** What cannot be staged, apart from what is passed over unless it is named. */
function partProblems(
  pathspecs: readonly Pathspec[],
  { index, scan }: Pick<Seen, 'index' | 'scan'>,
): Pick<Scan, 'problems'> & Pick<AddResult, 'skippedSpecial'> {
  const isNamed = (key: string) => pathspecs.some((each) => !each.isExclude && each.key === key)
  const isSkipped = (problem: ScanProblem) => isPassedOver(problem, index) && !isNamed(problem.key)
  return {
    problems: scan.problems.filter((problem) => !isSkipped(problem)),
    skippedSpecial: scan.problems.filter(isSkipped).map(({ key }) => fromByteString(key)),
  }
}

/** Loaded only after a merge. */
async function findMarkers(
  worktree: string,
  pathspecs: readonly Pathspec[],
  seen: Pick<Seen, 'index' | 'scan'>,
): Promise<JzfsError[]> {
  if (seen.index.notes.length === 0 && !seen.index.isUnmerged()) return []
  const { refuseMarkers } = await import('./refuse-markers.ts')
  return refuseMarkers(worktree, pathspecs, seen)
}

/** What was read and stored is not to be read again, if nothing comes of it this time. */
async function keepOnFailure<T>(progress: AddProgress, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    // What went wrong first is what the user has to know.
    await progress.save().catch(() => {})
    throw error
  }
}

/** What the working tree was found to be. */
interface Seen {
  index: StagingIndex
  scan: Scan
  found: FoundPaths
}

/** Files that an interrupted command has half written are not the user's changes: they are completed first. */
async function endInterrupted(repository: Repository, options: AddOptions): Promise<void> {
  if ((await pendingOperation(repository)) === undefined) return
  using _lock = await repository.lock(options.command, options)
}

async function readPlan(
  pack: PackWriter | undefined,
  plan: AddPlan,
  moreFiles: Iterable<FileRequest>,
  {
    clock,
    signal,
    onProgress,
    checkpointBytes,
    progress,
  }: AddOptions & { clock: bigint | undefined; progress: AddProgress },
): Promise<{ changes: IndexedChange[]; errors: JzfsError[] }> {
  if (pack === undefined) return { changes: [], errors: [] }
  const packed = createPackedEntries()
  const { errors } = await ingestPlan(pack, plan, {
    clock,
    signal,
    moreFiles,
    onProgress,
    checkpointBytes,
    progress,
    onEntry: packed.add,
  })
  return { changes: packed.changes(), errors }
}

function throwErrors(errors: readonly JzfsError[]): void {
  const [first] = errors
  if (first === undefined) return
  if (errors.length === 1) throw first
  throw new UnavailableError(
    'add-incomplete',
    `${errors.length} paths cannot be added, so nothing was: ${first.message}`,
    {
      hint: 'see to each of them, or add the others with --ignore-errors',
      details: { errors },
      cause: first,
    },
  )
}

/** What `-n` says: nothing is stored, and only files that stat data leave in doubt are read. */
async function previewAdd(
  repository: Repository,
  { index, scan, found }: Seen,
  plan: AddPlan,
  options: AbortOptions,
): Promise<Pick<AddResult, 'added' | 'removed' | 'index'>> {
  const context = { worktree: worktreeOf(repository), source: repository.store, index, keeps: keepsOf(repository) }
  const added = Array.from(found, ({ key }) => fromByteString(key))
  for (const [position, stat] of scan.stats) {
    const isSame =
      index.stage(position) === 0 && (await compareFile(context, position, stat, options)).difference === undefined
    if (!isSame) added.push(index.path(position))
  }
  const sorted = [...new Set(added)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return { added: sorted, removed: plan.removed, index }
}

/** Errors for pathspecs that nothing matches, and for ignored paths that were named. */
function refusePathspecs(
  worktree: string,
  pathspecs: readonly Pathspec[],
  seen: Seen,
  { update }: AddOptions,
): JzfsError[] {
  const errors: JzfsError[] = []
  const ignored: string[] = []
  for (const pathspec of pathspecs) {
    if (pathspec.isExclude || pathspec.key === '' || isMatched(pathspec, seen)) continue
    const path = fromByteString(pathspec.key)
    const isThere = lstatSync(`${worktree}/${path}`, { throwIfNoEntry: false }) !== undefined
    if (seen.scan.artefacts.some(({ key }) => matchesPathspec(pathspec, key))) {
      errors.push(artefactNamed(path))
      continue
    }
    const isIgnored = seen.scan.ignored.some(
      ({ key }) => matchesPathspec(pathspec, key) || pathspec.key.startsWith(`${key}/`),
    )
    // What the system gave us of a name that is not UTF-8: the name itself is refused already.
    if (seen.scan.problems.some(({ key, reason }) => reason === 'name-not-utf8' && fromByteString(key) === path))
      continue
    if (isIgnored) ignored.push(pathspec.text)
    else if (!isThere || update === true) errors.push(pathspecUnmatched(pathspec))
  }
  if (ignored.length > 0) {
    errors.push(
      new InvalidError('path-ignored', `ignored by the rules of .jzfsignore: ${ignored.join(', ')}`, {
        hint: 'add it with -f if that is what you want; `jzfs check-ignore -v` says which rule it is',
        details: { paths: ignored },
      }),
    )
  }
  return errors
}

function artefactNamed(path: string): JzfsError {
  return new InvalidError('path-is-artefact', `this shows the other side of a conflict, and is not added: ${path}`, {
    hint: 'it goes when the conflict is resolved; to keep both files, copy it to another name',
    details: { path },
  })
}

function isMatched(pathspec: Pathspec, { index, scan, found }: Seen): boolean {
  for (let position = index.lowerBoundOfKey(pathspec.literal); position < index.count; position++) {
    const key = index.key(position)
    if (!key.startsWith(pathspec.literal)) break
    if (scan.states[position] !== NOT_SCANNED && matchesPathspec(pathspec, key)) return true
  }
  for (const { key } of found) if (matchesPathspec(pathspec, key)) return true
  return scan.problems.some(({ key }) => matchesPathspec(pathspec, key))
}
