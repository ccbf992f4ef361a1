import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { Layout } from '../layout.ts'
import { encodeRefName } from '../refs/ref-encoding.ts'
import type { DurableChanges } from './durable-changes.ts'
import { formatOperation, type OperationEntry, parseOperation } from './operation-entry.ts'

/** Entries a folder holds, so that finding the newest reads two short listings, however many there are. */
const FOLDER_SIZE = 1000

/** The entry of the operation that is not finished, if there is one. Throws what `parseOperation` throws. */
export function readPending(layout: Layout): OperationEntry | undefined {
  return readEntry(layout.pending)
}

/** Writes the entry of a new operation, durably: when this returns the operation has happened. */
export function writePending(changes: DurableChanges, layout: Layout, entry: OperationEntry): void {
  changes.replace(layout.pending, formatOperation(entry))
  changes.sync()
}

/**
 * Marks an operation as done: its entry gets its number as name.
 *
 * Whether it is synced is the caller's choice: the next operation's entry is written to the same folder, which makes it
 * durable. Until then a power cut can bring the entry back as pending, to be finished again.
 */
export function markDone(changes: DurableChanges, layout: Layout, entry: OperationEntry): void {
  changes.rename(layout.pending, entryPath(layout, entry.number))
}

/** Writes an entry under its number, where none can be read: so that the number is not given again. */
export function keepNumber(changes: DurableChanges, layout: Layout, entry: OperationEntry): void {
  changes.replace(entryPath(layout, entry.number), formatOperation(entry))
}

/** The number that the next operation gets. */
export function nextNumber(layout: Layout): number {
  for (const number of doneNumbers(layout)) {
    return number + 1
  }
  return 1
}

/** All operations of the repository that have entries, newest first; one not finished is among them. */
export function* readOperations(layout: Layout): Generator<OperationEntry> {
  const pending = readPending(layout)
  if (pending !== undefined) {
    yield pending
  }
  for (const number of doneNumbers(layout)) {
    const entry = number === pending?.number ? undefined : readEntry(entryPath(layout, number))
    if (entry !== undefined) {
      yield entry
    }
  }
}

/** The entry of a number; undefined where it is not there (any more). Throws what `parseOperation` throws. */
export function readOperation(layout: Layout, number: number): OperationEntry | undefined {
  const pending = readPending(layout)
  return pending?.number === number ? pending : readEntry(entryPath(layout, number))
}

/** Where an operation puts the log of a ref aside that it deletes. It expires with the entry. */
export function keptLogPath(layout: Layout, number: number, name: string): string {
  return join(keptLogsPath(layout, number), `${encodeRefName(name)}.log`)
}

/** The folder beside an entry with all logs that its operation put aside. */
function keptLogsPath(layout: Layout, number: number): string {
  return join(layout.ops, String(Math.floor(number / FOLDER_SIZE)), `${number}.logs`)
}

/** The files of one operation that is done. */
export interface OperationFiles {
  number: number
  path: string
  /** The folder of the logs that it put aside, which need not be there. */
  logsFolder: string
}

/** The files of all operations that are done, oldest first. */
export function listOperationFiles(layout: Layout): OperationFiles[] {
  const files = Array.from(doneNumbers(layout), (number) => ({
    number,
    path: entryPath(layout, number),
    logsFolder: keptLogsPath(layout, number),
  }))
  return files.reverse()
}

function entryPath(layout: Layout, number: number): string {
  return join(layout.ops, String(Math.floor(number / FOLDER_SIZE)), `${number}.json`)
}

function* doneNumbers(layout: Layout): Generator<number> {
  for (const folder of numbersIn(layout.ops, /^(\d+)$/)) {
    yield* numbersIn(join(layout.ops, String(folder)), /^(\d+)\.json$/)
  }
}

function numbersIn(folder: string, pattern: RegExp): number[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    throw explainFsError(error, folder)
  }
  const numbers = names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number)
  return numbers.sort((a, b) => b - a)
}

function readEntry(path: string): OperationEntry | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') {
      return undefined
    }
    throw explainFsError(error, path)
  }
  return parseOperation(text, path)
}
