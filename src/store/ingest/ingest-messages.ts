import type { Placement } from '../pack/pack-writer.ts'

/** What a file's descriptor said before it was read: when it says the same again, the file's bytes are the same. */
export interface SourceStat {
  /** Bytes. */
  size: number
  mtimeNs: bigint
  ctimeNs: bigint
  ino: bigint
}

/** Files to be read whole. */
export interface FilesTask {
  kind: 'files'
  /** Absolute paths. */
  paths: string[]
}

/** A part of a big file; both ends are multiples of the chunk size, or the end of the file. */
export interface RangeTask {
  kind: 'range'
  path: string
  start: number
  end: number
  /** What the file must still be. */
  stat: SourceStat
}

export type Task = FilesTask | RangeTask

/** Why a file was not read: an errno of the system, or what we found out. */
export type RefusalReason = 'not-regular' | 'changed' | (string & {})

/** What became of a task. Flat arrays: they cross threads at the cost of a copy. */
export interface TaskOutcome {
  /** Per file of a `files` task, or once for a range. */
  states: Uint8Array
  /** Per file four numbers: size, mtimeNs, ctimeNs, ino. */
  stats: BigInt64Array
  /** The sha2-256 digests of the leaves of all files that were read, one after the other, eight words each. */
  digests: Uint32Array
  refusals: { index: number; reason: RefusalReason }[]
}

/** Values of `states`. A file that is too big for one task is only looked at: it is to be read in ranges. */
export const READ = 1
export const REFUSED = 2
export const TOO_BIG = 3

/** To a worker: a task, or the answer to its oldest unanswered offer. */
export type ToWorker = { kind: 'task'; id: number; task: Task } | { kind: 'placement'; placement: Placement }

/** From a worker. `failed` is the end of everything: the pack cannot be written, or the worker has a bug. */
export type FromWorker =
  | { kind: 'offer'; digests: Uint32Array; sizes: Uint32Array }
  | { kind: 'placed'; bytes: number }
  | { kind: 'done'; id: number; outcome: TaskOutcome }
  | { kind: 'failed'; message: string; errno: string | undefined }
