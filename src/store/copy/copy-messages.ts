/** Blocks in one pack, and where in a file they go. Flat arrays: they cross threads at the cost of a copy. */
export interface CopyTask {
  /** Path of the pack. */
  pack: string
  /** The file to write to: a descriptor is good in all threads of a process. */
  descriptor: number
  /** Per block: where its bytes begin in the pack. */
  sources: Float64Array
  /** Per block: where it goes in the file. */
  positions: Float64Array
  /** Per block: its bytes. */
  sizes: Uint32Array
  /** The sha2-256 digests of the blocks, 32 bytes each. */
  digests: Uint8Array
}

/** What became of a task. */
export interface CopyOutcome {
  /** The blocks that were not copied, by their places in the task: not as they should be, or not to be had there. */
  left: number[]
  /** Whether the pack was not there any more. */
  isGone?: boolean
  /** Why the file could not be written: the errno of the system and its message. The task ended there. */
  failure?: { errno: string; message: string }
}

/** To a worker. */
export interface ToCopyWorker {
  id: number
  task: CopyTask
}

/** From a worker: once that it is there, and then an answer for each task. */
export type FromCopyWorker = { kind: 'ready' } | { kind: 'done'; id: number; outcome: CopyOutcome }
