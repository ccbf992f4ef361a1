import { closeSync, copyFileSync, fstatSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'

/** How much of a log is kept. */
export interface LogFileOptions {
  /** Bytes of the file before it is put aside (default 10 MiB). */
  maxBytes?: number
  /** Files that are kept, the present one among them (default 5). */
  maxFiles?: number
}

/** A log file that is written to. */
export interface LogFile {
  /** Appends text, whole lines, at once. */
  write(text: string): void
  close(): void
}

const MAX_BYTES = 10_485_760
const MAX_FILES = 5

/** The path of the file that was put aside `age` rotations ago; 0 is the file itself. */
export function rotatedPath(path: string, age: number): string {
  return age === 0 ? path : `${path}.${age}`
}

/**
 * Opens a log file (0600), which is made where it is missing. All that is kept is bounded: a full file becomes `PATH.1`, that
 * one `PATH.2`, and so on, and the last goes.
 *
 * A full file is copied and then emptied, so that others who append to it (standard error of a detached daemon, whose
 * last words may be the system's) go on in the present one. Where the disk is full, lines are lost and nothing else is.
 */
export function openLogFile(
  path: string,
  { maxBytes = MAX_BYTES, maxFiles = MAX_FILES }: LogFileOptions = {},
): LogFile {
  let file: number
  try {
    file = openSync(path, 'a', 0o600)
  } catch (error) {
    throw explainFsError(error, path)
  }
  return {
    write(text) {
      try {
        const sizeBytes = fstatSync(file).size
        if (sizeBytes > 0 && sizeBytes + Buffer.byteLength(text) > maxBytes) rotate(path, file, maxFiles)
        writeSync(file, text)
      } catch (error) {
        if (fsErrorCode(error) === undefined) throw error
      }
    },
    close: () => closeSync(file),
  }
}

function rotate(path: string, file: number, maxFiles: number): void {
  if (maxFiles > 1) {
    for (let age = maxFiles - 1; age > 1; age--) renameIfThere(rotatedPath(path, age - 1), rotatedPath(path, age))
    try {
      copyFileSync(path, rotatedPath(path, 1))
    } catch (error) {
      // Half a copy would be read as the whole; and the file is emptied all the same, or it would grow on.
      rmSync(rotatedPath(path, 1), { force: true })
      if (fsErrorCode(error) === undefined) throw error
    }
  }
  ftruncateSync(file, 0)
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (fsErrorCode(error) !== 'ENOENT') throw error
  }
}
