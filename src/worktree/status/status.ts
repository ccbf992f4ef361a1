import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import type { TreeChange } from '../../model/tree/tree-diff.ts'
import { readFile } from '../../model/unixfs/file-content.ts'
import type { ConflictKind } from '../../repo/merge/tree-merge.ts'
import type { Repository } from '../../repo/repository.ts'
import { openIgnore } from '../ignore/ignore.ts'
import { fromByteString } from '../index/byte-string.ts'
import { type ConflictNote, kindOfStages } from '../index/conflict-notes.ts'
import { KIND_SYMLINK } from '../index/index-entry.ts'
import { headTree, openIndex } from '../index/open-index.ts'
import type { OpenIndexOptions } from '../index/open-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { pathFilter } from '../pathspec/pathspec.ts'
import type { Pathspec, PathFilter } from '../pathspec/pathspec.ts'
import { fileSystemClock } from '../scan/file-system-clock.ts'
import { scanProblems } from '../scan/scan-problem.ts'
import { scanWorktree } from '../scan/scan-worktree.ts'
import { CANDIDATE, DELETED, NOT_SCANNED } from '../scan/scan.ts'
import type { FileStat, FoundPath, Scan, ScanProblem } from '../scan/scan.ts'
import { isPassedOver } from '../scan/special-file.ts'
import { ignoreFileOf, keepsOf, worktreeOf } from '../working-tree.ts'
import { compareFile } from './compare-file.ts'
import type { CompareContext, ComparedFile, FileDifference } from './compare-file.ts'
import { joinRenames } from './join-renames.ts'
import { stagedChanges } from './staged-changes.ts'
import type { StagedChange } from './staged-changes.ts'
import { readUnfinishedWork, type UnfinishedWork } from './unfinished-work.ts'

/** A tracked path whose file is not as the index has it. */
export interface UnstagedChange {
  path: string
  difference: FileDifference
}

/** A path in conflict, and which of base (1), ours (2) and theirs (3) have it. */
export interface Conflict {
  path: string
  kind: ConflictKind
  stages: (1 | 2 | 3)[]
  /** The file that shows theirs beside it, where there is one. */
  artefact?: string
}

/** How HEAD's tree, the index and the working tree differ; lists are sorted by the bytes of their paths. */
export interface Status {
  staged: StagedChange[]
  unstaged: UnstagedChange[]
  /** A directory of which nothing is tracked ends with a slash, and so does an empty one. */
  untracked: string[]
  ignored: string[]
  conflicts: Conflict[]
  /** Files beside conflicts that show the other side: they are never added, and go when the conflict is resolved. */
  artefacts: string[]
  /** What cannot be added, or not be read: each names its path. */
  problems: JzfsError[]
  /** `.git` folders that are passed over. */
  skippedGit: string[]
  /** The index, with the stat data of files that were hashed and found unchanged. */
  index: StagingIndex
  /** Whether it is worth writing (`writeRefreshedIndex`): it saves hashing these files again. */
  isRefreshed: boolean
}

export interface StatusOptions extends OpenIndexOptions {
  /** `collapsed` by default: git's `normal`; `all` is its `-uall`. */
  untracked?: 'none' | 'collapsed' | 'all'
  ignored?: boolean
  pathspecs?: readonly Pathspec[]
  /** Whether to join removed and added paths of one content (default: yes). */
  renames?: boolean
  /** The index as it is, and which of its files were seen to be so; where it is left out, it is read. */
  known?: KnownIndex | undefined
}

/** An index that was read or written just now. */
export interface KnownIndex {
  index: StagingIndex
  /** See `ScanOptions`. */
  hasSeen?: ((position: number) => boolean) | undefined
}

/**
 * The status of a working tree. Takes no lock and writes nothing. Where an operation was interrupted, as if it were finished.
 *
 * Throws InvalidError `no-worktree` for a bare repository.
 */
export async function readStatus(repository: Repository, options: StatusOptions = {}): Promise<Status> {
  const worktree = worktreeOf(repository)
  const { known } = options
  const index = known?.index ?? (await openIndex(repository, options))
  const filter = pathFilter(options.pathspecs ?? [])
  const unfinished = await readUnfinishedWork(repository, index, options)
  const untracked = options.untracked ?? 'collapsed'
  const scan = scanWorktree({
    worktree,
    index,
    ignore: openIgnore(worktree, ignoreFileOf(repository)),
    filter,
    // What is still to be removed must be told from what is in the same folder.
    untracked: unfinished !== undefined && untracked === 'collapsed' ? 'all' : untracked,
    ignored: options.ignored ?? false,
    hasSeen: known?.hasSeen,
    keeps: keepsOf(repository),
  })
  const { unstaged, problems, isRefreshed } = await findUnstaged(repository, index, scan, unfinished, options)
  const isProblem = (problem: ScanProblem) => !isPassedOver(problem, index)
  const staged = await stagedChanges(repository.store, await headTree(repository, options), index, options)
  const shown = staged.filter(({ path }) => within(filter)(path))
  return {
    staged:
      options.renames === false
        ? shown
        : await joinRenames(shown, {
            ...options,
            read: ({ cid }, reading) => readFile(repository.store, cid, reading),
          }),
    unstaged,
    untracked: await listUntracked(unfinished, scan.untracked, untracked === 'none' ? () => false : within(filter)),
    ignored: scan.ignored.map(shownPath),
    conflicts: conflictsOf(index, filter),
    artefacts: scan.artefacts.map(shownPath),
    problems: [...scanProblems({ problems: scan.problems.filter(isProblem) }, worktree), ...problems],
    skippedGit: scan.skippedGit.map(fromByteString),
    index,
    isRefreshed,
  }
}

/** Untracked paths as they are once an interrupted operation is finished: what it has yet to remove is no file of the user's. */
async function listUntracked(
  unfinished: UnfinishedWork | undefined,
  found: FoundPath[],
  isShown: (path: string) => boolean,
): Promise<string[]> {
  if (unfinished === undefined) return found.map(shownPath)
  const listed: string[] = []
  for (const each of found) if (!(await unfinished.isPending(fromByteString(each.key)))) listed.push(shownPath(each))
  for await (const { path, after } of unfinished.untrackedToCome()) {
    if (isShown(path)) listed.push(after?.node.kind === 'directory' ? `${path}/` : path)
  }
  return listed.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

async function findUnstaged(
  repository: Repository,
  index: StagingIndex,
  scan: Scan,
  unfinished: UnfinishedWork | undefined,
  options: AbortOptions,
): Promise<Pick<Status, 'unstaged' | 'problems' | 'isRefreshed'>> {
  const context = { worktree: worktreeOf(repository), source: repository.store, index, keeps: keepsOf(repository) }
  // Read before the files are: what is older now, and hashes to the entry, cannot have been changed unseen later.
  const clock = scan.stats.size === 0 ? undefined : fileSystemClock(repository.layout.tmp)
  const unstaged: UnstagedChange[] = []
  const problems: JzfsError[] = []
  let isRefreshed = false
  for (let position = 0; position < index.count; position++) {
    const state = scan.states[position]
    if (state === NOT_SCANNED || index.stage(position) !== 0) continue
    const mayDiffer = state === CANDIDATE || state === DELETED
    if (unfinished !== undefined) {
      const path = index.path(position)
      const change = unfinished.changeAt(path)
      // Before it is read: nobody may read a file that is half written.
      if ((mayDiffer || change !== undefined) && (await unfinished.isPending(path))) {
        const difference = differenceToCome(index, position, change)
        if (difference !== undefined) unstaged.push({ path, difference })
        continue
      }
    }
    if (!mayDiffer) continue
    const found = scan.stats.get(position)
    if (state === DELETED || found === undefined) {
      unstaged.push({ path: index.path(position), difference: 'deleted' })
      continue
    }
    const { difference, stat } = await compareReadable(context, position, found, problems, options)
    if (difference !== undefined) {
      unstaged.push({ path: index.path(position), difference })
    } else if (stat !== undefined && clock !== undefined) {
      const isRacy = stat.mtimeNs >= clock || stat.ctimeNs >= clock
      index.refresh(position, stat, isRacy)
      isRefreshed ||= !isRacy
    }
    options.signal?.throwIfAborted()
  }
  return { unstaged, problems, isRefreshed }
}

/** How a file will differ from its entry once an interrupted operation is finished. */
function differenceToCome(
  index: StagingIndex,
  position: number,
  change: TreeChange | undefined,
): FileDifference | undefined {
  if (change === undefined) return undefined
  const { after } = change
  if (after === undefined) return 'deleted'
  if (index.hasCid(position, after.cid)) return undefined
  if ((after.node.kind === 'symlink') !== (index.kindBits(position) === KIND_SYMLINK)) return 'type-changed'
  return after.node.contentCid.equals(index.contentCid(position)) ? 'mode-changed' : 'modified'
}

/** A file that changed and cannot be read counts as modified, as with git: its problem is named, and the others go on. */
async function compareReadable(
  context: CompareContext,
  position: number,
  found: FileStat,
  problems: JzfsError[],
  options: AbortOptions,
): Promise<ComparedFile> {
  try {
    return await compareFile(context, position, found, options)
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code !== 'file-unreadable') throw error
    problems.push(error)
    return { difference: 'modified', stat: undefined }
  }
}

/** Tells the paths that pathspecs mean; without any, all. */
function within(filter: PathFilter | undefined): (path: string) => boolean {
  return (path) => filter === undefined || filter.matches(Buffer.from(path).toString('latin1'))
}

const TYPE_MASK = 0o170000
const TYPE_DIRECTORY = 0o040000

function shownPath({ key, stat }: FoundPath): string {
  const path = fromByteString(key)
  return (stat.mode & TYPE_MASK) === TYPE_DIRECTORY ? `${path}/` : path
}

function conflictsOf(index: StagingIndex, filter: PathFilter | undefined): Conflict[] {
  const conflicts: Conflict[] = []
  if (!index.isUnmerged()) return conflicts
  const notes = new Map(index.notes.map((note) => [note.path, note]))
  for (let position = 0; position < index.count; position++) {
    const stage = index.stage(position)
    if (stage === 0 || filter?.matches(index.key(position)) === false) continue
    const path = index.path(position)
    const last = conflicts.at(-1)
    if (last?.path === path) last.stages.push(stage)
    else conflicts.push({ path, kind: 'content', stages: [stage] })
  }
  return conflicts.map((conflict) => describeConflict(conflict, notes.get(conflict.path)))
}

function describeConflict(conflict: Conflict, note: ConflictNote | undefined): Conflict {
  const kind = note?.kind ?? kindOfStages(conflict.stages)
  return { ...conflict, kind, ...(note?.artefact === undefined ? {} : { artefact: note.artefact.path }) }
}
