import { fdatasync } from 'node:fs'
import { promisify } from 'node:util'

import { fsErrorCode } from '../fs-errors.ts'

/** How much is written before the kernel is told to write it to the disk. */
const FLUSHED_BYTES = 64 * 1024 * 1024

/** Where so much has come together meanwhile, the disk is slower than we: it is not waited for any more. */
const MOST_BEHIND_BYTES = 3 * FLUSHED_BYTES

/**
 * Has a file that grows written to the disk early, while more of it comes: then little is left to do for whoever makes it
 * durable. Nothing is durable by this alone.
 */
export interface EarlyFlush {
  /** Says that so many bytes more were written. */
  note(bytes: number): void
  /** Waits until the descriptor is not used any more; what failed, if the disk did. */
  settle(): Promise<{ error: unknown } | undefined>
}

/** Makes one for a descriptor. */
export function createEarlyFlush(descriptor: number): EarlyFlush {
  let behind = 0
  let isOver = false
  let failure: { error: unknown } | undefined
  let flushing: Promise<void> | undefined

  const flush = async (): Promise<void> => {
    behind = 0
    try {
      await promisify(fdatasync)(descriptor)
    } catch (error) {
      isOver = true
      // Some network and FUSE file systems do not know it.
      if (!UNKNOWN.has(fsErrorCode(error) ?? '')) failure = { error }
    }
    isOver ||= behind > MOST_BEHIND_BYTES
    flushing = undefined
  }

  return {
    note(bytes) {
      behind += bytes
      if (!isOver && flushing === undefined && behind >= FLUSHED_BYTES) flushing = flush()
    },
    async settle() {
      await flushing
      return failure
    },
  }
}

const UNKNOWN = new Set(['EINVAL', 'ENOTSUP', 'ENOSYS'])
