import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join, relative } from 'node:path'

import { CID } from 'multiformats/cid'

import type { Person } from '../../model/commit/person.ts'
import { IntegrityError } from '../../model/errors.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { Layout } from '../layout.ts'
import type { DurableChanges } from '../operation/durable-changes.ts'
import { encodeRefName } from './ref-encoding.ts'
import { reverseLines } from './reverse-lines.ts'

/** One change of a ref or of HEAD, as its log keeps it. */
export interface ReflogEntry {
  before: CID | undefined
  after: CID | undefined
  person: Person
  message: string
  /** Number of the operation that made the change: a log has one entry at most of each. */
  operation: number
}

/** What the log of a tracking ref says of a push that moved it: git's words. */
export const UPDATE_BY_PUSH = 'update by push'

/** The file of a log: `logs/HEAD.log`, `logs/refs/heads/main.log`. It holds one JSON document a line. */
export function reflogPath(layout: Layout, name: string): string {
  return join(layout.logs, `${name === 'HEAD' ? name : encodeRefName(name)}.log`)
}

/**
 * The entries of the log of `HEAD` or of a full ref name, newest first, read from the end of the file as they are asked for.
 *
 * No log: no entries. A last line torn by a crash is passed over. Throws IntegrityError `reflog-corrupt` at any other line
 * that cannot be read.
 */
export function* readReflogFile(layout: Layout, name: string): Generator<ReflogEntry> {
  const path = reflogPath(layout, name)
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') {
      return
    }
    throw explainFsError(error, path)
  }
  try {
    for (const line of reverseLines(file)) {
      yield parseReflogLine(line.text, path)
    }
  } finally {
    closeSync(file)
  }
}

/**
 * Appends an entry durably, after cutting off a line that a crash tore. Nothing is appended where the last entry is of the
 * same operation already: so an interrupted operation can be finished again and again.
 */
export function appendReflog(changes: DurableChanges, layout: Layout, name: string, entry: ReflogEntry): void {
  const path = reflogPath(layout, name)
  const file = changes.open(path)
  try {
    const { value: last } = reverseLines(file).next()
    const end = last === undefined ? 0 : last.end
    if (fstatSync(file).size > end) {
      ftruncateSync(file, end)
    }
    if (last === undefined || !isOfOperation(last.text, entry.operation)) {
      const bytes = Buffer.from(formatEntry(entry))
      for (let written = 0; written < bytes.length;) {
        written += writeSync(file, bytes, written, bytes.length - written, end + written)
      }
    }
    fsyncSync(file)
  } catch (error) {
    throw explainFsError(error, path)
  } finally {
    closeSync(file)
  }
}

/**
 * Takes the lines of some operations out of a log, durably; what follows one of them goes on from the value before it. Lines
 * that are not there (any more) are no problem: so an interrupted operation can be finished again.
 */
export function cutReflog(changes: DurableChanges, layout: Layout, name: string, operations: readonly number[]): void {
  const kept: ReflogEntry[] = []
  let from: { before: CID | undefined } | undefined
  for (const entry of [...readReflogFile(layout, name)].toReversed()) {
    if (operations.includes(entry.operation)) {
      from ??= entry
      continue
    }
    kept.push(from === undefined ? entry : { ...entry, before: from.before })
    from = undefined
  }
  changes.replace(reflogPath(layout, name), kept.map(formatEntry).join(''))
}

/** Where to look for the last value of a ref that cannot be read: a hint for messages. */
export function reflogHint(layout: Layout, name: string): string {
  const place = relative(layout.directory, reflogPath(layout, name))
  try {
    for (const { after } of readReflogFile(layout, name)) {
      if (after !== undefined) {
        return `its reflog ${place} has ${after.toString()} as the last value: run \`jzfs update-ref ${name} ${after.toString()}\``
      }
    }
  } catch {
    // A log that is corrupt too has nothing to tell.
  }
  return `run \`jzfs update-ref ${name} CID\` with the commit it shall name`
}

function formatEntry(entry: ReflogEntry): string {
  const before = entry.before?.toString() ?? null
  const after = entry.after?.toString() ?? null
  const { person, message, operation } = entry
  return `${JSON.stringify({ before, after, person, message, operation })}\n`
}

interface EntryDocument {
  before: string | null
  after: string | null
  person: Person
  message: string
  operation: number
}

/** One line of the log at `path`. Throws IntegrityError `reflog-corrupt`. */
export function parseReflogLine(text: string, path: string): ReflogEntry {
  try {
    const { before, after, person, message, operation } = JSON.parse(text) as EntryDocument
    if (typeof message !== 'string' || typeof person.name !== 'string' || typeof operation !== 'number') {
      throw new TypeError('a field is missing')
    }
    return {
      before: before === null ? undefined : CID.parse(before),
      after: after === null ? undefined : CID.parse(after),
      person,
      message,
      operation,
    }
  } catch (cause) {
    throw new IntegrityError('reflog-corrupt', `a line of the reflog cannot be read: ${path}`, {
      hint: 'remove the line that is no JSON document with an editor; the others stay usable',
      cause,
      details: { path, line: text },
    })
  }
}

function isOfOperation(text: string, operation: number): boolean {
  try {
    return (JSON.parse(text) as Partial<EntryDocument>).operation === operation
  } catch {
    return false
  }
}
