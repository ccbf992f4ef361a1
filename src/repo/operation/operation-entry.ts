import { basename } from 'node:path'

import { CID } from 'multiformats/cid'

import type { Person } from '../../model/commit/person.ts'
import { IntegrityError, InvalidError } from '../../model/errors.ts'
import type { ConfigChange } from '../config/config-change.ts'
import type { Head } from '../refs/head.ts'
import type { ReflogEntry } from '../refs/reflog.ts'
import { type SequenceDocument, sequenceDocument, sequenceOf } from '../sequence/sequence-format.ts'
import type { Sequence } from '../sequence/sequence.ts'
import { type IndexRecord, type IndexRecordDocument, indexRecordDocument, indexRecordOf } from './index-record.ts'

/** A ref before and after an operation; undefined where it does not exist. */
export interface RefChange {
  name: string
  before: CID | undefined
  after: CID | undefined
  /** Set whatever the ref is, also where its file is corrupt. */
  force?: true | undefined
}

/** A line for the log of `HEAD` or of a ref. */
export type ReflogLine = Pick<ReflogEntry, 'before' | 'after' | 'message'> & { name: string }

/**
 * One operation, written before anything it changes: it holds all that is needed to finish it, and later to undo it.
 *
 * Once the entry is durable as `ops/pending.json` the operation has happened; when everything is in place the entry is
 * renamed to its number and stays as the record of the operation.
 */
export interface OperationEntry {
  /** Counts up by one, from 1. */
  number: number
  /** The number of the first operation of the same command: they are undone together. */
  first: number
  /** Nothing lies before it that one could go back to: a clone. */
  begins?: true | undefined
  /** What it takes back, where it is an undo or a redo. */
  undo?: TakenBack | undefined
  /** The command line. */
  command: string
  person: Person
  refs: RefChange[]
  head: { before: Head; after: Head } | undefined
  reflog: ReflogLine[]
  /** Refs whose logs move with them: the full names before and after. */
  reflogMoves: { before: string; after: string }[]
  /** Logs of deleted refs that come back: the one that the operation of that number has put aside. */
  reflogReturns: { name: string; from: number }[]
  /** Lines that leave a log, by the operations that wrote them: stashes that are dropped. */
  reflogCuts: ReflogCut[]
  /** The file in `tmp/` that becomes the index, once it is whole; and what the index was, where the operation can be undone. */
  index: { next: string; before?: IndexRecord | undefined } | undefined
  /** Keys of the repository's configuration. */
  config: ConfigChange[]
  /** What waits for its user, before and after. */
  sequence: { before: Sequence | undefined; after: Sequence | undefined } | undefined
  /** Root directories before and after: the paths that differ are the ones to rewrite. */
  worktree: { before: CID | undefined; after: CID | undefined } | undefined
  /** What is moved in the working tree, in this order. */
  renames: PathRename[]
  /** A directory with what the renames take the place of: files that they write over, folders that were empty. */
  replaced: CID | undefined
  /** Content that the operation discards from the working tree, kept as blocks. */
  discarded: { path: string; cid: CID }[]
  /** Files that are overwritten or removed whatever is in them: their content is kept nowhere. */
  overwritten: OverwrittenFile[]
}

/** Lines of one log, each named by the number of its operation. */
export interface ReflogCut {
  name: string
  operations: number[]
}

/** That an operation takes back an earlier one. */
export interface TakenBack {
  kind: 'undo' | 'redo'
  /** The first operation of the command that is taken back: for a redo, that of an undo. */
  takes: number
  /** The first operation of the command that was undone or redone in the end. */
  of: number
}

/** A file or folder that is moved. Its inode tells, after a crash, whether it was. */
export interface PathRename {
  from: string
  to: string
  inode: bigint
}

/** A file that goes for good, as long as its stat data are these. */
export interface OverwrittenFile {
  path: string
  mtimeNs: bigint
  ctimeNs: bigint
  inode: bigint
}

const TYPE = 'jzfs/operation/1'

/** The text of an entry: a JSON document with CIDs as text, and a line feed. */
export function formatOperation(entry: OperationEntry): string {
  const { number, command, person, index, renames, reflogMoves } = entry
  return `${JSON.stringify({
    type: TYPE,
    number,
    first: entry.first,
    begins: entry.begins,
    undo: entry.undo,
    command,
    person,
    refs: entry.refs.map((ref) => ({ ...ref, before: cidText(ref.before), after: cidText(ref.after) })),
    head: entry.head && { before: headDocument(entry.head.before), after: headDocument(entry.head.after) },
    reflog: entry.reflog.map((line) => ({ ...line, before: cidText(line.before), after: cidText(line.after) })),
    reflogMoves,
    reflogReturns: entry.reflogReturns,
    reflogCuts: entry.reflogCuts,
    index: index && { next: index.next, before: index.before && indexRecordDocument(index.before) },
    config: entry.config.map(({ key, before, after }) => ({ key, before: before ?? null, after: after ?? null })),
    sequence: entry.sequence && {
      before: sequenceText(entry.sequence.before),
      after: sequenceText(entry.sequence.after),
    },
    worktree: entry.worktree && { before: cidText(entry.worktree.before), after: cidText(entry.worktree.after) },
    renames: renames.map(({ from, to, inode }) => ({ from, to, inode: inode.toString() })),
    replaced: entry.replaced?.toString(),
    discarded: entry.discarded.map(({ path, cid }) => ({ path, cid: cid.toString() })),
    overwritten: entry.overwritten.map(({ path, mtimeNs, ctimeNs, inode }) => ({
      path,
      mtimeNs: mtimeNs.toString(),
      ctimeNs: ctimeNs.toString(),
      inode: inode.toString(),
    })),
  })}\n`
}

/**
 * Reads the text of an entry; `path` is its file, for messages. Throws IntegrityError `operation-corrupt`, and InvalidError
 * `operation-newer` or `sequence-newer` for an entry of another version's making.
 */
export function parseOperation(text: string, path: string): OperationEntry {
  let document: OperationDocument
  try {
    document = JSON.parse(text) as OperationDocument
    if (document.type === TYPE) {
      return entryOf(document)
    }
  } catch (cause) {
    if (cause instanceof InvalidError) throw cause
    throw new IntegrityError('operation-corrupt', `the entry of an operation cannot be read: ${path}`, {
      hint: 'compare refs and HEAD with what you expect, then move the file away',
      cause,
      details: { path },
    })
  }
  throw new InvalidError('operation-newer', `the entry of an operation is of an unknown type: ${path}`, {
    hint: 'use the newer jzfs that began the operation',
    details: { path, type: document.type },
  })
}

type CidText = string | null
type HeadDocument = { branch: string } | { detached: string }

interface OperationDocument {
  type: string
  number: number
  first?: number
  begins?: true
  undo?: TakenBack
  command: string
  person: Person
  refs: { name: string; before: CidText; after: CidText; force?: true }[]
  head?: { before: HeadDocument; after: HeadDocument }
  reflog: { name: string; before: CidText; after: CidText; message: string }[]
  reflogMoves: { before: string; after: string }[]
  reflogReturns?: { name: string; from: number }[]
  reflogCuts?: ReflogCut[]
  index?: { next: string; before?: IndexRecordDocument }
  config?: { key: string; before: unknown; after: unknown }[]
  sequence?: { before: SequenceDocument | null; after: SequenceDocument | null }
  worktree?: { before: CidText; after: CidText }
  renames: { from: string; to: string; inode: string }[]
  replaced?: string
  discarded: { path: string; cid: string }[]
  overwritten: { path: string; mtimeNs: string; ctimeNs: string; inode: string }[]
}

function entryOf(document: OperationDocument): OperationEntry {
  const { number, first = number, begins, undo, command, person, reflogMoves, index } = document
  const { reflogReturns = [], reflogCuts = [] } = document
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new TypeError('the number is none')
  }
  if (index !== undefined && basename(index.next) !== index.next) {
    throw new TypeError('the next index lies elsewhere')
  }
  return {
    number,
    first,
    begins,
    undo,
    command,
    person,
    refs: document.refs.map((ref) => ({ ...ref, before: cidOf(ref.before), after: cidOf(ref.after) })),
    head: document.head && { before: headOf(document.head.before), after: headOf(document.head.after) },
    reflog: document.reflog.map((line) => ({ ...line, before: cidOf(line.before), after: cidOf(line.after) })),
    reflogMoves,
    reflogReturns,
    reflogCuts,
    index: index && { next: index.next, before: index.before && indexRecordOf(index.before) },
    config: (document.config ?? []).map(({ key, before, after }) => ({
      key,
      before: before ?? undefined,
      after: after ?? undefined,
    })),
    sequence: document.sequence && {
      before: sequenceOrNone(document.sequence.before),
      after: sequenceOrNone(document.sequence.after),
    },
    worktree: document.worktree && {
      before: cidOf(document.worktree.before),
      after: cidOf(document.worktree.after),
    },
    renames: document.renames.map(({ from, to, inode }) => ({ from, to, inode: BigInt(inode) })),
    replaced: document.replaced === undefined ? undefined : CID.parse(document.replaced),
    discarded: document.discarded.map(({ path, cid }) => ({ path, cid: CID.parse(cid) })),
    overwritten: document.overwritten.map(({ path, mtimeNs, ctimeNs, inode }) => ({
      path,
      mtimeNs: BigInt(mtimeNs),
      ctimeNs: BigInt(ctimeNs),
      inode: BigInt(inode),
    })),
  }
}

function cidText(cid: CID | undefined): CidText {
  return cid === undefined ? null : cid.toString()
}

function cidOf(text: CidText): CID | undefined {
  return text === null ? undefined : CID.parse(text)
}

function sequenceText(sequence: Sequence | undefined): SequenceDocument | null {
  return sequence === undefined ? null : sequenceDocument(sequence)
}

function sequenceOrNone(document: SequenceDocument | null): Sequence | undefined {
  return document === null ? undefined : sequenceOf(document)
}

function headDocument(head: Head): HeadDocument {
  return 'branch' in head ? head : { detached: head.detached.toString() }
}

function headOf(document: HeadDocument): Head {
  return 'branch' in document ? document : { detached: CID.parse(document.detached) }
}
