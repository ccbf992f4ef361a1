import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { ConflictError } from '../../model/errors.ts'
import type { Lock } from '../../store/lock/lock.ts'
import { settledConfigText } from '../config/config-change.ts'
import type { Layout } from '../layout.ts'
import { formatHead, isSameHead, readHeadFile } from '../refs/head.ts'
import { type LeftRef, writeRefs } from '../refs/write-refs.ts'
import type { Repository } from '../repository.ts'
import { formatSequence } from '../sequence/sequence-format.ts'
import { createDurableChanges, type DurableChanges } from './durable-changes.ts'
import type { OperationEntry } from './operation-entry.ts'
import { markDone, readOperations, readPending, writePending } from './operation-log.ts'
import { comparePlan, entryOfPlan, type OperationPlan } from './operation-plan.ts'
import { renameIfThere, writeReflogs } from './write-reflogs.ts'

/**
 * Changes the files of the working tree as an entry says; given by the layer above.
 *
 * It may run again after a crash at any point: it touches only paths whose content is the entry's before or after.
 */
export type WorktreeStep = (entry: OperationEntry, repository: Repository) => Promise<void>

/** A finished operation, and the refs that it left alone because someone else had changed them. */
export interface FinishedOperation extends OperationEntry {
  left: LeftRef[]
}

/**
 * Makes one operation happen: the one commit point of everything that changes a repository.
 *
 * The caller holds the lock, has made blocks durable (the pack) and written the new index durably to `tmp/`. Refs and HEAD
 * are compared first: ConflictError `ref-changed` or `head-changed` (details: `ref`, `expected`, `actual`) and nothing is
 * written. Then the entry is written durably, and from here on the operation has happened: should anything below fail or
 * the process die, whoever next takes the lock finishes it. Reflogs and refs follow, then files by `worktreeStep`, then the
 * index; at last the entry is marked done. The new index may be a patch of the one that is there: `worktreeStep` makes it whole.
 */
export async function runOperation(
  repository: Repository,
  lock: Lock,
  plan: OperationPlan,
  worktreeStep?: WorktreeStep,
): Promise<OperationEntry> {
  const { layout } = repository
  await finishInterruptedOperation(repository, lock, worktreeStep)
  comparePlan(layout, plan)
  const command = repository.oneCommand ? layout : lock
  const entry = entryOfPlan(layout, plan, firstOfCommand.get(command))
  if (touchesFiles(entry) && worktreeStep === undefined) {
    throw new TypeError('a plan that touches files needs a worktreeStep')
  }
  const changes = createDurableChanges(layout.tmp)
  writePending(changes, layout, entry)
  firstOfCommand.set(command, entry.first)
  await finish(repository, entry, changes, worktreeStep)
  return entry
}

/** The first operation of each command at work: what is done under one lock, or by a process that is one command. */
const firstOfCommand = new WeakMap<object, number>()

/**
 * Finishes the operation that a crash interrupted, if there is one. Called by whoever takes the lock, before anything else;
 * interrupted itself at any point, it can be called again.
 *
 * Throws ConflictError `operation-interrupted` where files are to be rewritten and no `worktreeStep` is given.
 */
export async function finishInterruptedOperation(
  repository: Repository,
  _lock: Lock,
  worktreeStep?: WorktreeStep,
): Promise<FinishedOperation | undefined> {
  const entry = readPending(repository.layout)
  if (entry === undefined) {
    return undefined
  }
  if (touchesFiles(entry) && worktreeStep === undefined) {
    throw new ConflictError('operation-interrupted', describePending(entry), {
      hint: 'run a command that changes the working tree first, `jzfs restore .` for one',
      details: { operation: entry.number, command: entry.command },
    })
  }
  const left = await finish(repository, entry, createDurableChanges(repository.layout.tmp), worktreeStep)
  return { ...entry, left }
}

/**
 * The operation that was interrupted, or that another process has not finished yet. Refs and HEAD read as if it were
 * finished; a command that reads files or the index looks here.
 */
export async function pendingOperation(repository: Repository): Promise<OperationEntry | undefined> {
  return readPending(repository.layout)
}

/** The operations of a repository, newest first, an interrupted one among them. */
export async function* listOperations(repository: Repository): AsyncGenerator<OperationEntry> {
  yield* readOperations(repository.layout)
}

/** The path of the index, or of the patch to it, as if an interrupted operation were finished. */
export function settledIndexPath(repository: Repository): string {
  const { layout } = repository
  const next = readPending(layout)?.index?.next
  const path = next === undefined ? layout.index : join(layout.tmp, next)
  return existsSync(path) ? path : layout.index
}

/** One line for a command that only reads, where there is a pending operation. */
export function describePending({ number, command }: OperationEntry): string {
  return `operation ${number} (${command}) is not finished: it is at work, or the next command that changes something ends it`
}

async function finish(
  repository: Repository,
  entry: OperationEntry,
  changes: DurableChanges,
  worktreeStep: WorktreeStep | undefined,
): Promise<FinishedOperation['left']> {
  const { layout } = repository
  writeReflogs(changes, layout, entry)
  const left = writeRefs(changes, layout, entry.refs)
  writeHead(changes, layout, entry)
  writeConfig(changes, repository, entry)
  if (worktreeStep !== undefined && touchesFiles(entry)) {
    await worktreeStep(entry, repository)
  }
  if (entry.index !== undefined) {
    renameIfThere(changes, join(layout.tmp, entry.index.next), layout.index)
  }
  writeSequence(changes, layout, entry)
  changes.sync()
  markDone(changes, layout, entry)
  if (touchesFiles(entry) || [entry.index, entry.sequence, entry.config[0]].some((each) => each !== undefined)) {
    // Refs can be set to the same value twice. The rest cannot: work done since then could look like work not done.
    changes.sync()
  }
  return left
}

function writeHead(changes: DurableChanges, layout: Layout, { head }: OperationEntry): void {
  if (head !== undefined && isSameHead(readHeadFile(layout.head), head.before)) {
    changes.replace(layout.head, formatHead(head.after))
  }
}

function writeConfig(changes: DurableChanges, { layout, config }: Repository, entry: OperationEntry): void {
  const text = settledConfigText(layout, entry.config)
  if (text !== undefined) changes.replace(layout.config, text)
  config.refresh()
}

function writeSequence(changes: DurableChanges, { sequence: path }: Layout, { sequence }: OperationEntry): void {
  if (sequence?.after !== undefined) {
    changes.replace(path, formatSequence(sequence.after))
  } else if (sequence !== undefined) {
    changes.remove(path)
  }
}

function touchesFiles(entry: OperationEntry): boolean {
  return entry.worktree !== undefined || entry.renames.length > 0
}
