import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '../../model/block.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import { rotatedPath } from './log-file.ts'

/** The last lines of a log, and where it goes on. */
export interface LogTail {
  /** The oldest first. */
  lines: string[]
  /** Bytes of the present file that were read. */
  position: number
}

/** Files put aside that are looked at for older lines. */
const MAX_AGE = 100

/** How often a log is looked at that is followed, in milliseconds. */
const POLL_MS = 200

/** Reads the last lines of the log at `path`, also from the files that were put aside; none where there is no log. */
export function readLogTail(path: string, count: number): LogTail {
  const bytes = bytesOf(path) ?? Buffer.alloc(0)
  let lines = linesOf(bytes)
  for (let age = 1; lines.length < count && age <= MAX_AGE; age++) {
    const older = bytesOf(rotatedPath(path, age))
    if (older === undefined) break
    lines = [...linesOf(older), ...lines]
  }
  return { lines: count === 0 ? [] : lines.slice(-count), position: bytes.length }
}

/** Reads the last of the lines that were added to the log at `path` after `position`. */
export function readLogSince(path: string, position: number, count: number): string[] {
  return linesOf(readFrom(path, position)).slice(-count)
}

/**
 * Gives the lines that are added to the log at `path` after `position`, until the signal aborts. A file that was put aside
 * meanwhile is read to its end first.
 */
export async function* followLog(
  path: string,
  position: number,
  { signal }: AbortOptions = {},
): AsyncGenerator<string> {
  let at = position
  let rest: Buffer = Buffer.alloc(0)
  let rotation = versionOf(rotatedPath(path, 1))
  while (!isAborted(signal)) {
    const now = versionOf(rotatedPath(path, 1))
    if (now !== rotation) {
      rest = Buffer.concat([rest, readFrom(rotatedPath(path, 1), at)])
      rotation = now
      at = 0
    }
    const added = readFrom(path, at)
    at += added.length
    yield* linesOf(Buffer.concat([rest, added]))
    rest = Buffer.alloc(0)
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** Tells a file that was put aside from the one before it. */
function versionOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? undefined : `${stat.ino}:${stat.mtimeNs}`
}

/** Whole lines from a position on: one that is being written is read the next time. */
function readFrom(path: string, start: number): Buffer {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return Buffer.alloc(0)
    throw explainFsError(error, path)
  }
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - start))
    const length = readSync(file, bytes, 0, bytes.length, start)
    return bytes.subarray(0, bytes.subarray(0, length).lastIndexOf(0x0a) + 1)
  } finally {
    closeSync(file)
  }
}

/** A crash may leave anything in a log: positions are of bytes, not of what they are read as. */
function linesOf(bytes: Buffer): string[] {
  const lines = bytes.toString().split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function bytesOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return undefined
    throw explainFsError(error, path)
  }
}
