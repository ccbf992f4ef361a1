import type { Repository } from '../../repo/repository.ts'
import { openIgnore } from '../ignore/ignore.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import type { PathFilter } from '../pathspec/pathspec.ts'
import { isEmptyFolder } from '../rewrite/scan-in-the-way.ts'
import { scanWorktree } from '../scan/scan-worktree.ts'
import type { FoundPath, Scan, ScanProblem } from '../scan/scan.ts'
import { ignoreFileOf, keepsOf, worktreeOf } from '../working-tree.ts'
import { createExclusion } from './exclusion.ts'
import { parentKeyOf, pathsWithin } from './paths-within.ts'
import { trackedFolders } from './tracked-folders.ts'

/** What is to be removed of what is not tracked. */
export interface CleanRequest {
  filter: PathFilter | undefined
  /** Also folders of which nothing is tracked. */
  directories: boolean
  /** What is ignored stays, goes with the rest, or goes alone. */
  ignored: 'keep' | 'too' | 'only'
  /** Patterns of more that counts as ignored. */
  exclude: readonly string[]
}

/** What was found in the working tree; all paths are byte strings. */
export interface Unwanted {
  /** Files, symlinks and empty folders: what can be kept for undo. */
  paths: FoundPath[]
  /** What can not be kept: repositories, special files, names that are not UTF-8. */
  others: Pick<ScanProblem, 'key' | 'reason'>[]
  /** What stays of what is not tracked. */
  kept: string[]
  /** What cannot be looked at. */
  unreadable: ScanProblem[]
  /** Whether a folder is ignored as a whole, or lies in one. */
  isIgnored(folder: string): boolean
}

/** Finds what `git clean` would remove, and what of it would be removed for good. Nothing is changed. */
export function findUnwanted(repository: Repository, index: StagingIndex, request: CleanRequest): Unwanted {
  const worktree = worktreeOf(repository)
  const isWide = request.ignored === 'too'
  const options = { worktree, index, filter: request.filter, untracked: 'all', keeps: keepsOf(repository) } as const
  const scan = scanWorktree({
    ...options,
    ignore: isWide ? undefined : openIgnore(worktree, ignoreFileOf(repository)),
    ignored: !isWide,
  })
  const ignoredFolders = pathsWithin(scan.ignored.filter(isFolder).map(({ key }) => key))
  const inIgnored =
    request.ignored === 'only' && request.directories
      ? scanWorktree({ ...options, ignore: undefined, filter: ignoredFolders })
      : undefined
  const isExcluded = createExclusion(request.exclude)
  const sorted = sortOut(scan, inIgnored, request, isExcluded)
  const problems = [...(request.ignored === 'only' ? [] : scan.problems), ...(inIgnored?.problems ?? [])]
  const gitFolders = [...scan.skippedGit, ...(inIgnored?.skippedGit ?? []), ...gitFoldersOf(sorted.unwanted)]
  const isTracked = trackedFolders(index)
  const repositories = gitFolders.map(parentKeyOf).filter((key) => key !== '' && !isTracked(key))
  const isWanted = (key: string) => request.ignored !== 'only' || ignoredFolders.matches(key)
  const others = [
    ...problems.filter(({ reason }) => reason !== 'unreadable'),
    ...Array.from(new Set(repositories), (key) => ({ key, reason: 'nested-repository' as const })),
  ].filter(({ key }) => isWanted(key) && !isTracked(key) && isMeant(key, request, isTracked) && !isExcluded(key, true))
  const inRepository = pathsWithin([...repositories, ...gitFolders])
  const meant: FoundPath[] = []
  const kept = [
    ...sorted.kept,
    ...scan.artefacts.map(({ key }) => key),
    ...gitFolders,
    ...problems.map(({ key }) => key),
  ]
  for (const found of sorted.unwanted) {
    const isNone = isEmptyFolder(found) && (isTracked(found.key) || !request.directories)
    const isInReach = request.ignored === 'only' || isMeant(found.key, request, isTracked)
    if (!isNone && isInReach && !inRepository.matches(found.key)) meant.push(found)
    else kept.push(found.key)
  }
  return {
    paths: meant,
    others,
    kept,
    unreadable: [...scan.problems, ...(inIgnored?.problems ?? [])].filter(({ reason }) => reason === 'unreadable'),
    isIgnored: (folder) => isWide || ignoredFolders.matches(folder),
  }
}

/** Tells what is to go from what stays because of what is ignored. */
function sortOut(
  scan: Scan,
  inIgnored: Scan | undefined,
  { ignored, filter }: CleanRequest,
  isExcluded: (key: string, isFolder: boolean) => boolean,
): { unwanted: FoundPath[]; kept: string[] } {
  const [excluded, others] = divide(scan.untracked, (found) => isExcluded(found.key, isFolder(found)))
  if (ignored !== 'only') return { unwanted: others, kept: [...excluded, ...scan.ignored].map(({ key }) => key) }
  const [folders, files] = divide(scan.ignored, isFolder)
  const within = (inIgnored?.untracked ?? []).filter(({ key }) => filter?.matches(key) !== false)
  const kept = [...others, ...(inIgnored === undefined ? folders : [])]
  return { unwanted: [...files, ...within, ...excluded], kept: kept.map(({ key }) => key) }
}

/** Without folders, only what lies beside something that is tracked is meant. */
function isMeant(key: string, { directories, filter }: CleanRequest, isTracked: (folder: string) => boolean): boolean {
  if (filter !== undefined && !filter.matches(key) && filter.coverage(`${key}/`) !== 'all') return false
  return directories || isTracked(parentKeyOf(key))
}

/** Where a rule has `.git` looked at like any other folder, it is still no rubbish. */
function gitFoldersOf(found: readonly FoundPath[]): string[] {
  const folders = new Set<string>()
  for (const { key } of found) {
    const match = /^(?:.*?\/)??\.git(?=\/|$)/s.exec(key)
    if (match !== null) folders.add(match[0])
  }
  return [...folders]
}

const TYPE_MASK = 0o170000
const TYPE_DIRECTORY = 0o040000

function isFolder({ stat }: FoundPath): boolean {
  return (stat.mode & TYPE_MASK) === TYPE_DIRECTORY
}

function divide<T>(items: readonly T[], test: (item: T) => boolean): [yes: T[], no: T[]] {
  const yes: T[] = []
  const no: T[] = []
  for (const item of items) (test(item) ? yes : no).push(item)
  return [yes, no]
}
