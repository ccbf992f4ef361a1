import { statSync } from 'node:fs'

import type { CID } from 'multiformats/cid'

import type { Person } from '../../model/commit/person.ts'
import { ConflictError, IntegrityError } from '../../model/errors.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import { compareConfig, type ConfigChange } from '../config/config-change.ts'
import type { Layout } from '../layout.ts'
import { formatHead, type Head, isSameHead, readHeadFile } from '../refs/head.ts'
import { readPackedRefs } from '../refs/packed-refs.ts'
import { readRefFile, refPath } from '../refs/ref-files.ts'
import { reflogPath } from '../refs/reflog.ts'
import { isSameCid } from '../refs/refs.ts'
import { isSameSequence, readSequenceFile, type Sequence } from '../sequence/sequence.ts'
import type { IndexRecord } from './index-record.ts'
import type {
  OperationEntry,
  OverwrittenFile,
  PathRename,
  RefChange,
  ReflogCut,
  ReflogLine,
  TakenBack,
} from './operation-entry.ts'
import { nextNumber } from './operation-log.ts'

/** A change of a ref, only made where the ref still is `before` (or `force` is set), and what its log says of it. */
export interface RefUpdate extends RefChange {
  message: string
}

/** What an operation shall change. What is left out stays. */
export interface OperationPlan {
  /** The command line, for the operation log. */
  command: string
  /** See `OperationEntry`. */
  begins?: true
  undo?: TakenBack
  /** Who does it, and when: for the logs. */
  person: Person
  refs?: RefUpdate[]
  head?: { before: Head; after: Head; message: string }
  /** Logs that move with a renamed ref. The log of any other ref that is deleted is deleted too. */
  reflogMoves?: { before: string; after: string }[]
  /** Logs that come back as they were, from the operation that has put them aside. */
  reflogReturns?: { name: string; from: number }[]
  /** Lines that leave the log of a ref, which gets no line for a change of the ref in the same operation. */
  reflogCuts?: ReflogCut[]
  /**
   * File name of the durable new index in `.jzfs/tmp/`: renamed over `.jzfs/index` last. Where files are rewritten, it may be
   * only a patch, which the step that does so makes whole. And what the index is as yet, in durable blocks: left out only by
   * what is not to be undone (`add`).
   */
  index?: { next: string; before?: IndexRecord | undefined } | undefined
  /** Keys of the repository's configuration, each changed only where it still is `before`; see `planConfig`. */
  config?: readonly ConfigChange[]
  /** What waits for its user from now on: changed only where it still is `before`. */
  sequence?: { before: Sequence | undefined; after: Sequence | undefined } | undefined
  /** Root directories: the paths that differ are the ones to rewrite. */
  worktree?: { before: CID | undefined; after: CID | undefined } | undefined
  /** What is moved in the working tree, in this order. */
  renames?: PathRename[]
  /** What the renames take the place of, as a durable directory. */
  replaced?: CID | undefined
  /** Content that is discarded from the working tree, kept as durable blocks. */
  discarded?: { path: string; cid: CID }[]
  /** Files that are overwritten or removed whatever is in them. */
  overwritten?: OverwrittenFile[]
}

/**
 * Compares refs, HEAD and what is in progress with what the plan says they are. Throws ConflictError `ref-changed` or
 * `head-changed` (details: `ref`, `expected`, `actual`), `config-changed`, `sequence-changed`, IntegrityError `packed-refs-corrupt`, and TypeError for a plan that names a ref twice.
 */
export function comparePlan(layout: Layout, { refs = [], head, config = [], sequence }: OperationPlan): void {
  if (new Set(refs.map(({ name }) => name)).size !== refs.length) {
    throw new TypeError('a plan names a ref twice')
  }
  // Once the entry is written it must be possible to finish it.
  if (refs.length > 0) readPackedRefs(layout)
  for (const { name, before, force } of refs) {
    const path = refPath(layout, name)
    checkPath(reflogPath(layout, name))
    const actual = force === true ? before : readRefFile(layout, name)
    if (!isSameCid(actual, before)) {
      throw new ConflictError('ref-changed', `${name} is ${textOf(actual)}, not ${textOf(before)} as expected`, {
        hint: 'someone changed it meanwhile: look at it and try again',
        details: { ref: name, path, expected: before?.toString(), actual: actual?.toString() },
      })
    }
  }
  if (head !== undefined) {
    compareHead(readHeadFile(layout.head), head.before)
  }
  compareConfig(layout, config)
  if (sequence !== undefined && !isSameSequence(readSequenceFile(layout), sequence.before)) {
    throw new ConflictError('sequence-changed', 'what is in progress here is not what it was a moment ago', {
      hint: 'another command began or ended it meanwhile: look at `jzfs status` and try again',
    })
  }
}

/** A name that is too long for the file system must show now: once the entry is written it could never be finished. */
function checkPath(path: string): void {
  try {
    statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw explainFsError(error, path)
  }
}

function compareHead(actual: Head, before: Head): void {
  if (isSameHead(actual, before)) {
    return
  }
  const [is, expected] = [actual, before].map((each) => formatHead(each).trimEnd())
  throw new ConflictError('head-changed', `HEAD is "${is}", not "${expected}" as expected`, {
    hint: 'another command switched meanwhile: look at `jzfs status` and try again',
    details: { ref: 'HEAD', expected, actual: is },
  })
}

/**
 * The entry of a plan: numbered, and with the lines of all logs. `first` is the number of the first operation of the same
 * command, if there was one.
 */
export function entryOfPlan(layout: Layout, plan: OperationPlan, first?: number): OperationEntry {
  const { command, person, head, index, worktree } = plan
  const number = nextNumber(layout)
  const updates = (plan.refs ?? []).map((update) => withActualBefore(layout, update))
  return {
    number,
    first: first ?? number,
    begins: plan.begins,
    undo: plan.undo,
    command,
    person,
    refs: updates.map(({ name, before, after, force }) => ({ name, before, after, force })),
    head: head && { before: head.before, after: head.after },
    reflog: reflogOfPlan(layout, updates, plan),
    reflogMoves: plan.reflogMoves ?? [],
    reflogReturns: plan.reflogReturns ?? [],
    reflogCuts: plan.reflogCuts ?? [],
    index,
    config: [...(plan.config ?? [])],
    sequence: plan.sequence,
    worktree,
    renames: plan.renames ?? [],
    replaced: plan.replaced,
    discarded: plan.discarded ?? [],
    overwritten: plan.overwritten ?? [],
  }
}

/** A forced update says nothing of the value before: for the logs it is the one that is there, if it can be read. */
function withActualBefore(layout: Layout, update: RefUpdate): RefUpdate {
  if (update.force !== true) {
    return update
  }
  try {
    return { ...update, before: readRefFile(layout, update.name) }
  } catch (error) {
    if (!(error instanceof IntegrityError)) {
      throw error
    }
    return { ...update, before: undefined }
  }
}

/** A line for each ref that stays, and one for HEAD where it moves or the branch it is on does. */
function reflogOfPlan(
  layout: Layout,
  updates: RefUpdate[],
  { head, reflogCuts = [], reflogReturns = [] }: Pick<OperationPlan, 'head' | 'reflogCuts' | 'reflogReturns'>,
): ReflogLine[] {
  const isLogged = (ref: string): boolean =>
    !UNLOGGED.some((prefix) => ref.startsWith(prefix)) &&
    ![...reflogCuts, ...reflogReturns].some(({ name }) => name === ref)
  const lines = updates
    .filter(({ name, after }) => after !== undefined && isLogged(name))
    .map(({ name, before, after, message }) => ({ name, before, after, message }))
  const byName = new Map(updates.map((update) => [update.name, update]))
  const headBefore = readHeadFile(layout.head)
  const headAfter = head?.after ?? headBefore
  const moved = 'branch' in headAfter ? byName.get(headAfter.branch) : undefined
  const message = head?.message ?? moved?.message
  if (message === undefined) {
    return lines
  }
  const before = commitOf(layout, headBefore, byName, 'before')
  const after = commitOf(layout, headAfter, byName, 'after')
  return before === undefined && after === undefined ? lines : [...lines, { name: 'HEAD', before, after, message }]
}

/** What a transfer in progress relies on, and pseudo-refs, come and go; their history helps nobody. */
const UNLOGGED = ['refs/partial/', 'refs/pseudo/', 'refs/bisect/']

function commitOf(
  layout: Layout,
  head: Head,
  updates: Map<string, RefUpdate>,
  side: 'before' | 'after',
): CID | undefined {
  if ('detached' in head) {
    return head.detached
  }
  const update = updates.get(head.branch)
  return update === undefined ? readRefFile(layout, head.branch) : update[side]
}

function textOf(cid: CID | undefined): string {
  return cid === undefined ? 'missing' : cid.toString()
}
