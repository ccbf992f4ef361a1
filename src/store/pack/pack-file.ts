import { closeSync, fdatasync, fsync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'

import { explainFsError } from '../fs-errors.ts'
import { writeAll } from '../write-all.ts'
import { openDirectly, type Pages, wholePages } from './direct-write.ts'

/**
 * How much is written before the kernel is told to write it to the disk. The disk then works while we read and hash,
 * and the last fsync finds little left to do.
 */
const WRITE_BEHIND_BYTES = 32 * 1024 * 1024

/**
 * A file that grows by ranges: whoever has something to write reserves a range at the end and fills it, in any order
 * and from any thread (by `fd` and position). Written bytes start on their way to the disk early.
 */
export interface GrowingFile {
  readonly fd: number
  /** Bytes reserved so far: where the next range begins. */
  readonly size: number
  /** Reserves `length` bytes at the end, and returns where they begin. They must be written and then `acknowledge`d. */
  reserve(length: number): number
  /** Says that a reserved range was written. */
  acknowledge(length: number): void
  /**
   * Writes bytes into a reserved range and acknowledges it, without blocking. Failures show at `check`. What is not read again
   * soon is written past the kernel's cache, where its memory lies as it must: see `wholePages`.
   */
  write(bytes: Uint8Array, position: number, options?: { isReadSoon?: boolean }): Promise<void>
  writeSync(bytes: Uint8Array, position: number): void
  read(position: number, length: number): Uint8Array
  /** Says that ranges which were reserved will never be filled: the file cannot be kept. */
  fail(error: unknown): void
  /** Throws what failed so far, if anything did. */
  check(): void
  /** Makes everything durable and closes the file. */
  finish(): Promise<void>
  /** Closes and removes the file. */
  discard(): void
}

/** Creates the file at `path`, which must not exist. File system failures are thrown as `explainFsError` says. */
export function createGrowingFile(path: string): GrowingFile {
  try {
    return new WriteBehindFile(path, openSync(path, 'wx+'))
  } catch (error) {
    throw explainFsError(error, path)
  }
}

class WriteBehindFile implements GrowingFile {
  readonly fd: number
  readonly #path: string
  #size = 0
  #acknowledged = 0
  #flushed = 0
  #flushing: Promise<void> | undefined
  #failure: unknown
  /** Writes and flushes under way in other threads, which need the descriptor. */
  #uses = 0
  #isClosed = false
  /** A second descriptor, and whether it is of use. */
  #direct: { fd: number | undefined; isUsed: boolean } | undefined

  constructor(path: string, fd: number) {
    this.#path = path
    this.fd = fd
  }

  get size(): number {
    return this.#size
  }

  reserve(length: number): number {
    const position = this.#size
    this.#size += length
    return position
  }

  acknowledge(length: number): void {
    this.#acknowledged += length
    if (this.#flushing !== undefined || this.#isClosed || this.#failure !== undefined) return
    if (this.#acknowledged - this.#flushed >= WRITE_BEHIND_BYTES) this.#flushing = this.#flush()
  }

  async write(bytes: Uint8Array, position: number, { isReadSoon = true } = {}): Promise<void> {
    if (this.#isClosed) return
    this.#uses++
    try {
      const pages = isReadSoon ? undefined : wholePages(bytes, position)
      if (pages === undefined) await writeAll(this.fd, bytes, position)
      else await this.#writePages(bytes, position, pages)
      this.acknowledge(bytes.length)
    } catch (error) {
      this.fail(error)
    } finally {
      this.#endUse()
    }
  }

  /** Writes whole pages past the cache, and what is around them as ever. */
  async #writePages(bytes: Uint8Array, position: number, { start, end }: Pages): Promise<void> {
    const writes = await Promise.allSettled([
      this.#writeDirectly(bytes.subarray(start, end), position + start),
      writeAll(this.fd, bytes.subarray(0, start), position),
      writeAll(this.fd, bytes.subarray(end), position + end),
    ])
    for (const write of writes) if (write.status === 'rejected') throw write.reason
  }

  async #writeDirectly(bytes: Uint8Array, position: number): Promise<void> {
    this.#direct ??= { fd: openDirectly(this.#path), isUsed: true }
    const { fd, isUsed } = this.#direct
    if (fd === undefined || !isUsed) return writeAll(this.fd, bytes, position)
    try {
      await writeAll(fd, bytes, position)
      // There is nothing to flush of it.
      this.#flushed += bytes.length
    } catch {
      // Not on this file system, or not at this length: the other way says what is wrong, if anything is.
      this.#direct.isUsed = false
      await writeAll(this.fd, bytes, position)
    }
  }

  writeSync(bytes: Uint8Array, position: number): void {
    try {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(this.fd, bytes, done, bytes.length - done, position + done)
      }
      this.acknowledge(bytes.length)
    } catch (error) {
      this.fail(error)
      this.check()
    }
  }

  read(position: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    return bytes.subarray(0, readSync(this.fd, bytes, 0, length, position))
  }

  fail(error: unknown): void {
    this.#failure ??= explainFsError(error, this.#path)
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  async finish(): Promise<void> {
    // What was written during a flush is flushed after it.
    while (this.#flushing !== undefined) await this.#flushing
    this.check()
    if (this.#acknowledged !== this.#size) throw new Error(`unwritten ranges are left in ${this.#path}`)
    try {
      await promisify(fsync)(this.fd)
    } catch (error) {
      this.fail(error)
      this.check()
    }
    this.#isClosed = true
    if (this.#uses === 0) this.#close()
  }

  discard(): void {
    rmSync(this.#path, { force: true })
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#uses === 0) this.#close()
  }

  /** What is under way as the file is closed still uses the descriptor: no other file may get its number meanwhile. */
  #endUse(): void {
    this.#uses--
    if (this.#isClosed && this.#uses === 0) this.#close()
  }

  #close(): void {
    if (this.#direct?.fd !== undefined) closeSync(this.#direct.fd)
    closeSync(this.fd)
  }

  /** The kernel reports a failed write-back once per descriptor: it is kept for whoever asks next. */
  async #flush(): Promise<void> {
    const unflushed = this.#acknowledged - this.#flushed
    this.#uses++
    try {
      await promisify(fdatasync)(this.fd)
      this.#flushed += unflushed
    } catch (error) {
      this.fail(error)
    }
    this.#flushing = undefined
    this.acknowledge(0)
    this.#endUse()
  }
}
