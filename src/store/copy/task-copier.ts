import { hash } from 'node:crypto'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'

import { fsErrorCode } from '../fs-errors.ts'
import type { CopyOutcome, CopyTask } from './copy-messages.ts'

/** Copies blocks of packs into files: the part of the copying that runs in worker threads. Blocking. */
export interface TaskCopier {
  /** Copies what a task names: only what was read whole and is what its digest says is written. */
  copy(task: CopyTask): CopyOutcome
}

/** Makes a copier; all that it copies passes through one buffer, which grows to the largest block. */
export function createTaskCopier(): TaskCopier {
  // A fresh buffer for each block costs a third of the time.
  let memory = Buffer.alloc(0)
  return {
    copy(task) {
      const largest = task.sizes.reduce((most, size) => Math.max(most, size), 0)
      if (memory.length < largest) memory = Buffer.allocUnsafeSlow(largest)
      const pack = openPack(task.pack)
      if (typeof pack === 'string') return { left: [...task.sizes.keys()], isGone: pack === 'ENOENT' }
      try {
        return copyAll(pack, task, memory)
      } finally {
        closeSync(pack)
      }
    },
  }
}

/** A descriptor, or the errno of the failure. */
function openPack(path: string): number | string {
  try {
    return openSync(path, 'r')
  } catch (error) {
    const errno = fsErrorCode(error)
    if (errno === undefined) throw error
    return errno
  }
}

function copyAll(pack: number, task: CopyTask, memory: Buffer): CopyOutcome {
  const outcome: CopyOutcome = { left: [] }
  const { sources, positions, sizes, digests } = task
  let block: Buffer | undefined
  for (let at = 0; at < sizes.length; at++) {
    // Equal blocks come in rows: in images of disks, and in whatever holds many zeros.
    if (at === 0 || sources[at] !== sources[at - 1]) {
      const digest = digests.subarray(at * 32, at * 32 + 32)
      block = readBlock(pack, sources[at] as number, memory.subarray(0, sizes[at]), digest)
    }
    if (block === undefined) outcome.left.push(at)
    else if (!writeBlock(task.descriptor, block, positions[at] as number, outcome)) break
  }
  return outcome
}

/** Fills `block`; undefined where it cannot be read, or is not what it should be: who reads it next finds out why. */
function readBlock(pack: number, source: number, block: Buffer, digest: Uint8Array): Buffer | undefined {
  try {
    for (let done = 0; done < block.length;) {
      const count = readSync(pack, block, done, block.length - done, source + done)
      if (count === 0) return undefined
      done += count
    }
  } catch (error) {
    if (fsErrorCode(error) === undefined) throw error
    return undefined
  }
  return hash('sha256', block, 'buffer').equals(digest) ? block : undefined
}

/** Whether all of a block was written; `outcome` says why not. */
function writeBlock(descriptor: number, block: Buffer, position: number, outcome: CopyOutcome): boolean {
  try {
    for (let done = 0; done < block.length;) {
      done += writeSync(descriptor, block, done, block.length - done, position + done)
    }
    return true
  } catch (error) {
    const errno = fsErrorCode(error)
    if (errno === undefined || !(error instanceof Error)) throw error
    outcome.failure = { errno, message: error.message }
    return false
  }
}
