import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

import type { CID } from 'multiformats/cid'

import { JzfsError } from '../../model/errors.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { Layout } from '../layout.ts'
import type { DurableChanges } from '../operation/durable-changes.ts'
import { expiredEntry } from '../operation/expired-entry.ts'
import { formatOperation, parseOperation } from '../operation/operation-entry.ts'
import { listOperationFiles, type OperationFiles } from '../operation/operation-log.ts'
import { cidsInText } from './cids-in-text.ts'

/** Before when records expire, in milliseconds since the epoch. */
export interface RecordExpiry {
  allBeforeMs: number
  /** The same where a record names a commit that no ref reaches. */
  unreachableBeforeMs: number
  isReachable(cid: CID): boolean
}

/** What expired, and what does not. */
export interface ExpiredRecords {
  reflogEntries: number
  operations: number
  /** What the records that stay name. */
  kept: CID[]
  /** The operations that were looked at. */
  seen: Set<number>
}

/**
 * Drops entries of reflogs and of the operation log that have expired. The log of `refs/stash` never expires: it is the
 * list of stashes. Of the newest operation the number stays, in an entry that names nothing.
 *
 * With `changes` (the caller holds the lock, no operation is pending) files are rewritten, each atomically: an interrupted
 * call leaves some entries more. Without, nothing is changed.
 */
export function expireRecords(layout: Layout, expiry: RecordExpiry, changes?: DurableChanges): ExpiredRecords {
  const expired: ExpiredRecords = { reflogEntries: 0, operations: 0, kept: [], seen: new Set() }
  for (const path of logFiles(layout.logs)) expireLog(layout, path, expiry, { expired, changes })
  const operations = listOperationFiles(layout)
  for (const [at, operation] of operations.entries()) {
    expired.seen.add(operation.number)
    const text = readText(operation.path)
    const logs = logFiles(operation.logsFolder)
    const named = cidsInText([text, ...logs.map(readText)].join('\n'))
    const isNewest = at === operations.length - 1
    const left = isNewest ? numberAlone(text, operation) : undefined
    if (!isOperationExpired(operation, text, named, expiry) || (isNewest && left === undefined)) {
      expired.kept.push(...named)
      continue
    }
    // Nothing more is in it than its number.
    if (isNewest && named.length === 0) continue
    expired.operations++
    if (changes === undefined) continue
    // The logs first: a folder of logs without its entry would be nobody's.
    if (logs.length > 0) rmSync(operation.logsFolder, { recursive: true, force: true })
    if (left !== undefined) changes.replace(operation.path, left)
    else changes.remove(operation.path)
  }
  changes?.sync()
  return expired
}

/** The text of an entry of which the number stays; undefined where it cannot be read. */
function numberAlone(text: string, { number, path }: OperationFiles): string | undefined {
  try {
    return formatOperation(expiredEntry(number, parseOperation(text, path)))
  } catch (error) {
    if (error instanceof JzfsError) return undefined
    throw error
  }
}

/** All files of reflogs, that of HEAD among them. */
export function logFiles(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.log'))
      .map((entry) => join(entry.parentPath, entry.name))
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return []
    throw explainFsError(error, folder)
  }
}

/** The text of a file; '' where it is not there any more. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return ''
    throw explainFsError(error, path)
  }
}

const STASH_LOG = join('refs', 'stash.log')

function expireLog(
  layout: Layout,
  path: string,
  expiry: RecordExpiry,
  { expired, changes }: { expired: ExpiredRecords; changes: DurableChanges | undefined },
): void {
  const text = readText(path)
  // What follows the last line feed was torn by a crash.
  const lines = text.split('\n').slice(0, -1)
  const isStash = relative(layout.logs, path) === STASH_LOG
  const kept = isStash ? lines : lines.filter((line) => !isLineExpired(line, expiry))
  expired.reflogEntries += lines.length - kept.length
  for (const line of kept) expired.kept.push(...cidsInText(line))
  if (kept.length < lines.length) changes?.replace(path, kept.map((line) => `${line}\n`).join(''))
}

function isLineExpired(line: string, expiry: RecordExpiry): boolean {
  const dateMs = dateOf(line)
  // A line that cannot be read is not ours to judge.
  return dateMs !== undefined && isExpired(dateMs, cidsInText(line), expiry)
}

function isOperationExpired(
  { path }: OperationFiles,
  text: string,
  named: readonly CID[],
  expiry: RecordExpiry,
): boolean {
  const dateMs = dateOf(text)
  if (dateMs === undefined) return false
  // Whoever sets the clock of commits does not mean that what a command discards is old already.
  const writtenMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? dateMs
  return isExpired(Math.max(dateMs, writtenMs), named, expiry)
}

function isExpired(dateMs: number, named: readonly CID[], expiry: RecordExpiry): boolean {
  if (dateMs < expiry.allBeforeMs) return true
  return dateMs < expiry.unreachableBeforeMs && !named.every((cid) => expiry.isReachable(cid))
}

function dateOf(text: string): number | undefined {
  try {
    const { person } = JSON.parse(text) as { person?: { date?: unknown } }
    const dateMs = Date.parse(String(person?.date))
    return Number.isNaN(dateMs) ? undefined : dateMs
  } catch {
    return undefined
  }
}
