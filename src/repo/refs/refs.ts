import { existsSync } from 'node:fs'

import type { CID } from 'multiformats/cid'

import { compareNames } from '../../model/compare.ts'
import type { IntegrityError } from '../../model/errors.ts'
import type { Layout } from '../layout.ts'
import type { OperationEntry, RefChange } from '../operation/operation-entry.ts'
import { readPending } from '../operation/operation-log.ts'
import { type Head, isSameHead, readHeadFile } from './head.ts'
import { listRefFiles, readRefFile, type Ref } from './ref-files.ts'
import { readReflogFile, type ReflogEntry, reflogPath } from './reflog.ts'

/**
 * The refs and HEAD of a repository, for reading; they are changed by operations (`runOperation`) only.
 *
 * All answers are as if an interrupted operation were finished. Names are full: `refs/heads/main`. Every method throws
 * InvalidError `ref-name-invalid` for a name that no ref can have, and IntegrityError `ref-corrupt` or `head-corrupt`.
 */
export interface Refs {
  /** What a ref names, undefined where there is no such ref. `HEAD` is `headCommit`. */
  read(name: string): Promise<CID | undefined>
  /**
   * The refs that are `prefix` or below it (`refs/tags`; default `refs`), sorted by the bytes of their names. With
   * `onCorrupt` refs that cannot be read are reported to it and left out. Pseudo-refs (`refs/pseudo`) only where `prefix`
   * asks for them.
   */
  list(prefix?: string, options?: { onCorrupt?: (error: IntegrityError) => void }): Promise<Ref[]>
  /** The branch that is checked out, which may be unborn, or the commit where HEAD is detached. */
  head(): Promise<Head>
  /** The commit that HEAD leads to, undefined on an unborn branch. */
  headCommit(): Promise<CID | undefined>
  /** The log of `HEAD` or of a ref, newest first, read as it is asked for. Throws IntegrityError `reflog-corrupt`. */
  log(name: string): AsyncIterable<ReflogEntry>
}

/** The refs of the repository at `layout`. */
export function createRefs(layout: Layout): Refs {
  const headNow = (): Head => settledHead(layout, readPending(layout))
  const read = (name: string): CID | undefined => {
    const pending = readPending(layout)
    const change = pending?.refs.find((ref) => ref.name === name)
    return change === undefined ? readRefFile(layout, name) : settledRef(layout, change)
  }
  const headCommit = (): CID | undefined => {
    const head = headNow()
    return 'branch' in head ? read(head.branch) : head.detached
  }
  return {
    async read(name) {
      return name === 'HEAD' ? headCommit() : read(name)
    },
    async list(prefix = 'refs', options = {}) {
      const pending = readPending(layout)
      const refs = listRefFiles(layout, prefix, options.onCorrupt)
      const settled = pending === undefined ? refs : settledList(layout, refs, prefix, pending)
      const hidden = HIDDEN.filter((folder) => !isBelow(prefix, folder))
      return settled.filter(({ name }) => !hidden.some((folder) => isBelow(name, folder)))
    },
    async head() {
      return headNow()
    },
    async headCommit() {
      return headCommit()
    },
    async *log(name) {
      yield* settledLog(layout, name)
    },
  }
}

/** What a ref is once the operation that changes it is finished; a value that is not the operation's business stays. */
export function settledRef(layout: Layout, { name, before, after, force }: RefChange): CID | undefined {
  if (force === true) {
    return after
  }
  const current = readRefFile(layout, name)
  return isSameCid(current, before) ? after : current
}

/** Whether both name the same, or both nothing. */
export function isSameCid(a: CID | undefined, b: CID | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a.bytes, b.bytes) === 0
}

function settledHead(layout: Layout, pending: OperationEntry | undefined): Head {
  const head = readHeadFile(layout.head)
  const change = pending?.head
  return change !== undefined && isSameHead(head, change.before) ? change.after : head
}

function settledList(layout: Layout, refs: Ref[], prefix: string, pending: OperationEntry): Ref[] {
  const byName = new Map(refs.map((ref) => [ref.name, ref]))
  for (const change of pending.refs.filter(({ name }) => isBelow(name, prefix))) {
    const cid = settledRef(layout, change)
    if (cid === undefined) {
      byName.delete(change.name)
    } else {
      byName.set(change.name, { name: change.name, cid })
    }
  }
  return [...byName.values()].sort((a, b) => compareNames(a.name, b.name))
}

/** Refs that are no names of anybody's: listed only where they are asked for. */
const HIDDEN = ['refs/pseudo', 'refs/partial']

function isBelow(name: string, prefix: string): boolean {
  return name === prefix || name.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}

function* settledLog(layout: Layout, name: string): Generator<ReflogEntry> {
  const pending = readPending(layout)
  if (pending === undefined) {
    yield* readReflogFile(layout, name)
    return
  }
  const line = pending.reflog.find((each) => each.name === name)
  if (line !== undefined) {
    const { before, after, message } = line
    yield { before, after, message, person: pending.person, operation: pending.number }
  }
  if (isLogRemoved(pending, name)) {
    return
  }
  const cut = pending.reflogCuts.find((each) => each.name === name)?.operations
  for (const entry of readReflogFile(layout, logBeforeMove(layout, pending, name))) {
    if (entry.operation !== pending.number && cut?.includes(entry.operation) !== true) {
      yield entry
    }
  }
}

function isLogRemoved(pending: OperationEntry, name: string): boolean {
  return pending.refs.some((ref) => ref.name === name && ref.after === undefined)
}

function logBeforeMove(layout: Layout, pending: OperationEntry, name: string): string {
  const move = pending.reflogMoves.find(({ after }) => after === name)
  return move !== undefined && existsSync(reflogPath(layout, move.before)) ? move.before : name
}
