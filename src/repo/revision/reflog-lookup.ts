import type { CID } from 'multiformats/cid'

import { renderDate } from '../../model/commit/date-style.ts'
import { parseDate } from '../../model/commit/date.ts'
import { InvalidError, JzfsError, NotFoundError } from '../../model/errors.ts'
import { escapeControls } from '../../model/quote-name.ts'
import type { ReflogEntry } from '../refs/reflog.ts'
import { findRef } from './find-ref.ts'
import type { RevisionOptions, RevisionSource } from './revision-source.ts'

/** A value that a ref had, and the entry of its log that says so: undefined for the one that it has now. */
interface LoggedValue {
  cid: CID
  entry: ReflogEntry | undefined
}

/**
 * What a ref was `nth` changes ago (`main@{1}`; without a name, the branch checked out), or at a time (`main@{yesterday}`): with
 * a log that begins later, the first value that it knows, and `onShortLog` is told.
 *
 * Throws NotFoundError `revision-not-found` where there is no such ref, or its log is shorter, and `reflog-value-gone` (details: `ref`,
 * `operation`, `cid`) where what the log names is not here any more; InvalidError `revision-invalid` for no date.
 */
export async function findInReflog(
  source: RevisionSource,
  base: { name: string; at: number | { date: string } },
  text: string,
  options: RevisionOptions = {},
): Promise<CID> {
  const ref = base.name === '' ? await currentBranch(source) : (await findRef(source, base.name))?.name
  if (ref === undefined) throw notFound(text, `there is no branch or tag ${JSON.stringify(base.name)}`)
  const { at } = base
  const found =
    typeof at === 'number'
      ? await findByNumber(source, ref, at, text)
      : await findByDate(source, ref, readSeconds(at.date, text, options), text, options)
  if (found.entry !== undefined) await checkIsHere(source, ref, { ...found, entry: found.entry }, text, options)
  return found.cid
}

async function findByNumber(source: RevisionSource, ref: string, nth: number, text: string): Promise<LoggedValue> {
  const current = ref === 'HEAD' ? await source.refs.headCommit() : await source.refs.read(ref)
  if (nth === 0 && current !== undefined) return { cid: current, entry: undefined }
  let count = 0
  let oldest: ReflogEntry | undefined
  for await (const entry of source.refs.log(ref)) {
    if (count === nth) return { cid: entry.after ?? missing(text, ref), entry }
    count++
    oldest = entry
  }
  // The oldest entry knows two values: its own, and the one before it.
  if (count === nth && oldest?.before !== undefined) return { cid: oldest.before, entry: oldest }
  throw notFound(text, `the log of ${ref} has only ${count} entr${count === 1 ? 'y' : 'ies'}`)
}

async function findByDate(
  source: RevisionSource,
  ref: string,
  seconds: number,
  text: string,
  options: RevisionOptions,
): Promise<LoggedValue> {
  let oldest: ReflogEntry | undefined
  for await (const entry of source.refs.log(ref)) {
    if (secondsOf(entry) <= seconds) return { cid: entry.after ?? missing(text, ref), entry }
    oldest = entry
  }
  const cid = oldest?.before ?? oldest?.after
  if (oldest === undefined || cid === undefined) throw notFound(text, `the log of ${ref} is empty`)
  options.onShortLog?.(ref, oldest.person.date)
  return { cid, entry: oldest }
}

function secondsOf({ person }: ReflogEntry): number {
  return parseDate(person.date)?.seconds ?? 0
}

function readSeconds(date: string, text: string, { readTime }: RevisionOptions): number {
  const problem = { details: { revision: text }, hint: 'write main@{1}, main@{yesterday}, main@{2026-01-31}' }
  if (readTime === undefined)
    throw new InvalidError('revision-invalid', `dates are not looked up here: ${text}`, problem)
  try {
    return readTime(date)
  } catch (error) {
    if (!(error instanceof JzfsError)) throw error
    const message = `${JSON.stringify(text)} is not a revision: "${date}" is neither a number nor a date`
    throw new InvalidError('revision-invalid', message, problem)
  }
}

/** A log outlives what it names, once gc has run with a shorter time for blocks, or files were lost. */
async function checkIsHere(
  { store }: RevisionSource,
  ref: string,
  { cid, entry }: { cid: CID; entry: ReflogEntry },
  text: string,
  { signal }: RevisionOptions,
): Promise<void> {
  try {
    await store.get(cid, { signal })
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
    const { message, person, operation } = entry
    const line = `"${escapeControls(message)}" of ${renderDate(person.date, 'iso', new Date(0))}`
    throw new NotFoundError(
      'reflog-value-gone',
      `cannot find ${text}: the log of ${ref} says at ${line} that it was ${cid.toString()}, which is not here any more`,
      {
        hint: `the other values are listed by \`jzfs reflog show ${ref}\``,
        cause: error,
        details: { revision: text, ref, operation, cid: cid.toString() },
      },
    )
  }
}

/** The name of the branch that was checked out `nth` switches ago, from HEAD's log; a CID where HEAD was detached. */
export async function findPreviousBranch(source: RevisionSource, nth: number, text: string): Promise<string> {
  let left = nth
  for await (const { message } of source.refs.log('HEAD')) {
    const from = /^(?:checkout|switch): moving from (\S+) to \S+/.exec(message)?.[1]
    if (from !== undefined && --left === 0) return from
  }
  throw notFound(text, `HEAD was switched only ${nth - left} times`)
}

async function currentBranch({ refs }: RevisionSource): Promise<string> {
  const head = await refs.head()
  return 'branch' in head ? head.branch : 'HEAD'
}

function missing(text: string, ref: string): never {
  throw notFound(text, `${ref} was not there then`)
}

function notFound(text: string, problem: string): NotFoundError {
  return new NotFoundError('revision-not-found', `cannot find ${text}: ${problem}`, {
    hint: 'look at what refs were with `jzfs reflog --all`',
    details: { revision: text },
  })
}
