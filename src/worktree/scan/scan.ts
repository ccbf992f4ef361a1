import type { IgnoreLevel } from '../ignore/ignore.ts'
import type { StatStamp } from '../index/index-entry.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import type { PathFilter } from '../pathspec/pathspec.ts'
import type { FoundPaths } from './found-paths.ts'

/** What the scan says of an entry of the index, by its position (`Scan.states`). */
export const NOT_SCANNED = 0
/** Stat data prove that the file is as the index has it. */
export const UNCHANGED = 1
/** A file or symlink is there that may differ: only its bytes can tell. Its stat data are in `Scan.stats`. */
export const CANDIDATE = 2
/** No file or symlink is there any more. */
export const DELETED = 3

/** What `lstat` said, as far as it is needed: its own objects are several times as large. */
export interface FileStat extends StatStamp {
  /** Type and permissions, as in POSIX. */
  mode: number
  size: number
}

/** A path in the working tree that is not in the index. */
export interface FoundPath {
  /** Byte string, without a final slash. */
  readonly key: string
  /** Of a directory: one with nothing in it, or in a collapsed listing one whose content is all untracked. */
  readonly stat: FileStat
}

/** Why a path cannot be recorded. */
export type ScanProblemReason =
  /** A FIFO, socket or device. */
  | 'special-file'
  /** The name is not valid UTF-8. */
  | 'name-not-utf8'
  /** The name means the repository's own folder. */
  | 'name-reserved'
  /** A directory with a `.jzfs` of its own. */
  | 'nested-repository'
  /** The file system refuses to list or stat it. */
  | 'unreadable'

export interface ScanProblem {
  /** Byte string. */
  key: string
  reason: ScanProblemReason
  cause?: unknown
}

/** The working tree compared with the index by stat data alone. */
export interface Scan {
  /** One of the constants above for each entry of the index. */
  states: Uint8Array
  /** Stat data of the candidates, by position. */
  stats: Map<number, FileStat>
  /** Sorted by their byte strings. */
  untracked: FoundPath[]
  /** Sorted; a directory stands for all that is in it. Filled on request only. */
  ignored: FoundPath[]
  /** Artefacts of conflicts: neither tracked nor untracked. Sorted; not looked for where untracked paths are not. */
  artefacts: FoundPath[]
  problems: ScanProblem[]
  /** `.git` folders that were passed over: byte strings. */
  skippedGit: string[]
}

export interface ScanOptions {
  /** Absolute path of the working tree. */
  worktree: string
  index: StagingIndex
  /** From `openIgnore`; undefined: nothing is ignored. */
  ignore: IgnoreLevel | undefined
  /** Which paths to look at; undefined: all. */
  filter?: PathFilter | undefined
  /** `collapsed`: a directory with nothing tracked in it is one path (git's `normal`). */
  untracked: 'none' | 'collapsed' | 'all'
  /** Takes untracked paths, unsorted, in place of `Scan.untracked`: for very many of them. Not with `collapsed`. */
  found?: FoundPaths | undefined
  /** Whether to list ignored paths. */
  ignored?: boolean
  /** Whether the file of an entry was seen to be as the entry has it: then it is not looked at. */
  hasSeen?: ((position: number) => boolean) | undefined
  /** Whether the file system keeps the executable bit, and symlinks (default: both). */
  keeps?: { executableBit: boolean; symlinks: boolean } | undefined
}
