import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

import { CHUNK_SIZE } from '../../model/limits.ts'
import { fsErrorCode } from '../fs-errors.ts'
import { createSectionPipeline, type SectionPipeline, type SectionSink } from '../pack/section-pipeline.ts'
import {
  type FilesTask,
  type RangeTask,
  READ,
  REFUSED,
  type RefusalReason,
  type SourceStat,
  type Task,
  type TaskOutcome,
  TOO_BIG,
} from './ingest-messages.ts'

/** A file of more bytes is read in ranges of this size, by several threads. */
export const RANGE_SIZE = 16 * CHUNK_SIZE

/** Non-blocking: opening a FIFO that nobody writes to must not wait. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

/** How often a file is read that changes while it is read. */
const ATTEMPTS = 2

/** Reads files into a pack: the part of the ingest that runs in worker threads, and for a few files in the main one. */
export interface IngestReader {
  /**
   * Reads what a task names. What goes wrong with one file is in the outcome; only a failure of the pack is thrown.
   * The outcome counts when `written` is fulfilled; the next task may begin before.
   */
  perform(task: Task): Promise<{ outcome: TaskOutcome; written: Promise<void> }>
}

/** Makes a reader before a pack. */
export function createIngestReader(sink: SectionSink): IngestReader {
  return new BlockingReader(createSectionPipeline(sink))
}

class BlockingReader implements IngestReader {
  readonly #pipeline: SectionPipeline
  /** Leaves of the task, of which `#leaves` are there. */
  #digests = new Uint32Array(0)
  #leaves = 0

  constructor(pipeline: SectionPipeline) {
    this.#pipeline = pipeline
  }

  async perform(task: Task): Promise<{ outcome: TaskOutcome; written: Promise<void> }> {
    this.#digests = new Uint32Array(8 * (task.kind === 'files' ? task.paths.length : RANGE_SIZE / CHUNK_SIZE))
    this.#leaves = 0
    const outcome = await (task.kind === 'files' ? this.#performFiles(task) : this.#performRange(task))
    outcome.digests = this.#digests.subarray(0, this.#leaves * 8)
    const { written } = await this.#pipeline.flush()
    return { outcome, written }
  }

  async #performFiles({ paths }: FilesTask): Promise<TaskOutcome> {
    const outcome = emptyOutcome(paths.length)
    for (const [index, path] of paths.entries()) {
      let result: FileResult = 'changed'
      for (let attempt = 0; result === 'changed' && attempt < ATTEMPTS; attempt++) {
        result = await this.#attempt(path, (fd) => this.#readWhole(fd, outcome.stats, index))
      }
      settle(outcome, index, result)
    }
    return outcome
  }

  async #performRange({ path, start, end, stat }: RangeTask): Promise<TaskOutcome> {
    const outcome = emptyOutcome(1)
    settle(outcome, 0, await this.#attempt(path, (fd) => this.#readRange(fd, start, end, stat)))
    return outcome
  }

  /** Opens a file for one reading; a reading that came to nothing leaves nothing behind. */
  async #attempt(path: string, read: (fd: number) => Promise<FileResult>): Promise<FileResult> {
    const fd = attemptCall(() => openSync(path, OPEN_FLAGS))
    if (typeof fd === 'string') return fd
    const mark = this.#pipeline.mark()
    const leaves = this.#leaves
    try {
      const result = await read(fd)
      if (result !== READ) {
        this.#pipeline.rewind(mark)
        this.#leaves = leaves
      }
      return result
    } finally {
      closeSync(fd)
    }
  }

  async #readWhole(fd: number, stats: BigInt64Array, index: number): Promise<FileResult> {
    const before = fstatSync(fd, { bigint: true })
    if (!before.isFile()) return 'not-regular'
    stats[index * 4] = before.size
    stats[index * 4 + 1] = before.mtimeNs
    stats[index * 4 + 2] = before.ctimeNs
    stats[index * 4 + 3] = before.ino
    if (before.size > RANGE_SIZE) return TOO_BIG
    const result = await this.#readLeaves(fd, 0, Number(before.size))
    return result === READ && !isSame(before, fstatSync(fd, { bigint: true })) ? 'changed' : result
  }

  async #readRange(fd: number, start: number, end: number, stat: SourceStat): Promise<FileResult> {
    const expected = { ...stat, size: BigInt(stat.size) }
    const before = fstatSync(fd, { bigint: true })
    if (!before.isFile()) return 'not-regular'
    if (!isSame(expected, before)) return 'changed'
    const result = await this.#readLeaves(fd, start, end)
    return result === READ && !isSame(expected, fstatSync(fd, { bigint: true })) ? 'changed' : result
  }

  /** An empty file has one leaf without bytes. */
  async #readLeaves(fd: number, start: number, end: number): Promise<FileResult> {
    let at = start
    do {
      const length = Math.min(CHUNK_SIZE, end - at)
      if (!this.#pipeline.fits(length)) await this.#pipeline.turn()
      const to = this.#pipeline.open(length)
      const result = readFully(fd, this.#pipeline.bytes, to, length, at)
      if (result !== READ) return result
      if (this.#digests.length === this.#leaves * 8) {
        this.#digests = new Uint32Array(this.#digests.buffer.transfer(this.#digests.byteLength * 2))
      }
      this.#pipeline.close(this.#digests, this.#leaves * 8)
      this.#leaves++
      at += length
    } while (at < end)
    return READ
  }
}

/** A state, or why the file was refused. */
type FileResult = typeof READ | typeof TOO_BIG | RefusalReason

function emptyOutcome(files: number): TaskOutcome {
  return {
    states: new Uint8Array(files),
    stats: new BigInt64Array(files * 4),
    digests: new Uint32Array(0),
    refusals: [],
  }
}

function settle(outcome: TaskOutcome, index: number, result: FileResult): void {
  outcome.states[index] = typeof result === 'string' ? REFUSED : result
  if (typeof result === 'string') outcome.refusals.push({ index, reason: result })
}

function readFully(fd: number, bytes: Buffer, to: number, length: number, position: number): FileResult {
  for (let done = 0; done < length;) {
    const count = attemptCall(() => readSync(fd, bytes, to + done, length - done, position + done))
    if (typeof count === 'string') return count
    if (count === 0) return 'changed'
    done += count
  }
  return READ
}

/** A system call's result, or the errno of its failure. */
function attemptCall(call: () => number): number | string {
  try {
    return call()
  } catch (error) {
    const code = fsErrorCode(error)
    if (code === undefined) throw error
    return code
  }
}

type Identity = Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs' | 'ino'>

function isSame(a: Identity, b: Identity): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino
}
