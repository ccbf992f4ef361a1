import type { JzfsError } from '../../model/errors.ts'
import type { Repository } from '../../repo/repository.ts'
import { fromByteString } from '../index/byte-string.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { scanProblems } from '../scan/scan-problem.ts'
import { scanWorktree } from '../scan/scan-worktree.ts'
import type { FoundPath, Scan } from '../scan/scan.ts'
import { keepsOf, worktreeOf } from '../working-tree.ts'
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
  const paths = createPathsInTheWay(changes)
  const scan = scanWorktree({
    worktree,
    index,
    ignore: undefined,
    filter: paths,
    untracked: 'all',
    keeps: keepsOf(repository),
  })
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
