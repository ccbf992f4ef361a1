import { hash } from 'node:crypto'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'

import { SHA2_256 } from '../../model/cid.ts'
import { fsErrorCode } from '../fs-errors.ts'
import { sectionLayout, type SectionLayout } from '../pack/pack-format.ts'
import type { CopyOutcome, CopyTask } from './copy-messages.ts'

/** More than a length prefix and a CID with a sha2-256 digest take. */
const MOST_HEAD_BYTES = 64

/** Copies sections of packs into files: the part of the copying that runs in worker threads. Blocking. */
export interface SectionCopier {
  /** Copies what a task names: only what was read whole and is what its digest says is written. */
  copy(task: CopyTask): CopyOutcome
}

/** Makes a copier of blocks of up to `mostBytes` bytes each; all of them pass through one buffer. */
export function createSectionCopier(mostBytes: number): SectionCopier {
  // A fresh buffer for each block costs a third of the time.
  const memory = Buffer.allocUnsafeSlow(mostBytes + MOST_HEAD_BYTES)
  return {
    copy(task) {
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
  const { starts, positions, sizes, digests } = task
  let block: Uint8Array | undefined
  for (let at = 0; at < sizes.length; at++) {
    // Equal blocks come in rows: in images of disks, and in whatever holds many zeros.
    const isRepeated = block?.length === sizes[at] && starts[at] === starts[at - 1]
    if (!isRepeated) {
      const digest = digests.subarray(at * 32, at * 32 + 32)
      block = readBlock(pack, starts[at] as number, sizes[at] as number, digest, memory)
    }
    if (block === undefined) outcome.left.push(at)
    else if (!writeBlock(task.descriptor, block, positions[at] as number, outcome)) break
  }
  return outcome
}

/** A block in the buffer; undefined where it cannot be read, or is not what it should be. */
function readBlock(
  pack: number,
  start: number,
  size: number,
  digest: Uint8Array,
  memory: Buffer,
): Uint8Array | undefined {
  const section = readSome(pack, start, memory.subarray(0, size + MOST_HEAD_BYTES))
  const layout = sectionLayout(section, 0)
  if (layout === undefined || layout.end > section.length || layout.end - layout.blockStart !== size) return undefined
  if (layout.hashCode !== SHA2_256 || !digestOf(section, layout).equals(digest)) return undefined
  const block = section.subarray(layout.blockStart, layout.end)
  return hash('sha256', block, 'buffer').equals(digest) ? block : undefined
}

function digestOf(section: Buffer, { digestStart, blockStart }: SectionLayout): Buffer {
  return section.subarray(digestStart, blockStart)
}

/** As much as can be read: whoever reads the block after us finds out why it is not more. */
function readSome(pack: number, start: number, target: Buffer): Buffer {
  let done = 0
  try {
    while (done < target.length) {
      const count = readSync(pack, target, done, target.length - done, start + done)
      if (count === 0) break
      done += count
    }
  } catch (error) {
    if (fsErrorCode(error) === undefined) throw error
  }
  return target.subarray(0, done)
}

/** Whether all of a block was written; `outcome` says why not. */
function writeBlock(descriptor: number, block: Uint8Array, position: number, outcome: CopyOutcome): boolean {
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
