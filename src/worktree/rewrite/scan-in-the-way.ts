import type { JzfsError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import { fromByteString } from '../index/byte-string.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { scanProblems } from '../scan/scan-problem.ts'
import { scanWorktree } from '../scan/scan-worktree.ts'
import { type FoundPath, NOT_SCANNED, type Scan, type ScanOptions } from '../scan/scan.ts'
import { keepsOf, worktreeOf } from '../working-tree.ts'
import { lookAtPaths } from './look-at-paths.ts'
import { createPathsInTheWay, type PathChange, type PathsInTheWay } from './paths-in-the-way.ts'

/** What stands where paths are about to be written, ignored or not. */
export interface ScanInTheWay {
  scan: Scan
  paths: PathsInTheWay
  /** Untracked files and symlinks, and folders with nothing in them. */
  untracked: FoundPath[]
  /** Paths of what can neither be kept nor overwritten: other repositories, `.git`, special files. */
  untouchable: string[]
}

const TYPE_MASK = 0o170000
const TYPE_DIRECTORY = 0o040000

/** Scans the places of a change and no others. Throws where what is there cannot be seen. */
export function scanInTheWay(repository: Repository, index: StagingIndex, changes: Iterable<PathChange>): ScanInTheWay {
  const worktree = worktreeOf(repository)
  const all = [...changes]
  const paths = createPathsInTheWay(all)
  const places = { worktree, index, keeps: keepsOf(repository) }
  const scan = emptyScan(index)
  const rest = lookAtPaths(places, all, scan)
  if (rest.length > 0) addScan(scan, scanRest(places, rest))
  const unreadable = scan.problems.find(
    ({ key, reason }) => reason === 'unreadable' && (paths.matches(key) || paths.coverage(`${key}/`) !== 'none'),
  )
  if (unreadable !== undefined) throw scanProblems({ ...scan, problems: [unreadable] }, worktree)[0] as JzfsError
  const others = scan.problems.map(({ key }) => key)
  return {
    scan,
    paths,
    untracked: scan.untracked,
    untouchable: [...others, ...scan.skippedGit].filter((key) => paths.matches(key)).map(fromByteString),
  }
}

/** Whether what was found is a folder with nothing in it: to remove or to keep it loses nobody's work. */
export function isEmptyFolder({ stat }: FoundPath): boolean {
  return (stat.mode & TYPE_MASK) === TYPE_DIRECTORY
}

function emptyScan(index: StagingIndex): Scan {
  return {
    states: new Uint8Array(index.count),
    stats: new Map(),
    untracked: [],
    ignored: [],
    artefacts: [],
    problems: [],
    skippedGit: [],
  }
}

function scanRest(places: Pick<ScanOptions, 'worktree' | 'index' | 'keeps'>, rest: readonly PathChange[]): Scan {
  return scanWorktree({ ...places, ignore: undefined, filter: createPathsInTheWay(rest), untracked: 'all' })
}

/** Adds what a scan of other paths found. */
function addScan(scan: Scan, { states, stats, ...found }: Scan): void {
  for (const [position, state] of states.entries()) if (state !== NOT_SCANNED) scan.states[position] = state
  for (const [position, stat] of stats) scan.stats.set(position, stat)
  Object.assign(scan, found)
}
