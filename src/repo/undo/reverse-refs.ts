import { existsSync } from 'node:fs'

import { ConflictError, InvalidError } from '../../model/errors.ts'
import { compareConfig, type ConfigChange } from '../config/config-change.ts'
import type { Layout } from '../layout.ts'
import type { OperationEntry, ReflogCut, RefChange } from '../operation/operation-entry.ts'
import { keptLogPath } from '../operation/operation-log.ts'
import type { OperationPlan } from '../operation/operation-plan.ts'
import { formatHead, isSameHead } from '../refs/head.ts'
import { PSEUDO_REFS } from '../refs/pseudo-ref.ts'
import { isSameCid } from '../refs/refs.ts'
import type { Repository } from '../repository.ts'
import { isSameSequence, readSequence } from '../sequence/sequence.ts'
import { configOfCommand, refsOfCommand, throughout } from './command-changes.ts'
import { isChosen, isOurs, type LoggedCommand } from './logged-command.ts'

/** What takes refs, their logs, HEAD and what is in progress back to where they were before a command. */
export type ReversedRefs = Pick<
  OperationPlan,
  'refs' | 'head' | 'config' | 'sequence' | 'reflogMoves' | 'reflogReturns' | 'reflogCuts'
>

/**
 * Works out how refs, HEAD and what is in progress go back to before a command; `message` is for the logs.
 *
 * Throws ConflictError `ref-changed`, `head-changed`, `config-changed` or `sequence-changed` where they are not as the command left them, and
 * InvalidError `cannot-be-undone` for a ref that was damaged then.
 */
export async function reverseRefs(
  repository: Repository,
  command: LoggedCommand,
  message: string,
): Promise<ReversedRefs> {
  const changes = (await reversedChanges(repository, command)).map((change) => ({ ...change, message }))
  const head = await reversedHead(repository, command)
  const config = reversedConfig(repository, command)
  const sequence = reversedSequence(repository, command)
  return {
    ...(changes.length === 0 ? {} : { refs: changes }),
    ...(head === undefined ? {} : { head: { ...head, message } }),
    ...(config.length === 0 ? {} : { config }),
    ...(sequence === undefined ? {} : { sequence }),
    ...reversedLogs(repository.layout, command, changes),
  }
}

async function reversedChanges({ refs }: Repository, { operations }: LoggedCommand): Promise<RefChange[]> {
  for (const { name, before, force } of operations.flatMap((entry) => entry.refs)) {
    if (force === true && before === undefined && isOurs(name) && !name.startsWith(PSEUDO_REFS)) throw damaged(name)
  }
  const reversed: RefChange[] = []
  for (const { name, before, after } of refsOfCommand(operations)) {
    if (!isTakenBack(operations, name)) continue
    const now = await refs.read(name)
    if (!name.startsWith(PSEUDO_REFS) && !isSameCid(now, after)) throw movedSince(name, after, now)
    if (!isSameCid(before, now)) reversed.push({ name, before: now, after: before })
  }
  return reversed
}

/** Refs that say what was seen of a remote go back only with the remote: where it was removed or renamed. */
function isTakenBack(operations: readonly OperationEntry[], name: string): boolean {
  return isOurs(name) || (name.startsWith('refs/remotes/') && isOfRemote(operations))
}

function isOfRemote(operations: readonly OperationEntry[]): boolean {
  return operations.some(({ config }) => config.some(({ key }) => /^remote\..+\.url$/s.test(key)))
}

function reversedConfig({ layout }: Repository, { operations }: LoggedCommand): ConfigChange[] {
  const changes = configOfCommand(operations).filter(({ key }) => isChosen(key) || isOfRemote(operations))
  const reversed = changes.map(({ key, before, after }) => ({ key, before: after, after: before }))
  compareConfig(layout, reversed)
  return reversed
}

async function reversedHead({ refs }: Repository, { operations }: LoggedCommand): Promise<OperationPlan['head']> {
  const move = throughout(operations.map(({ head }) => head))
  if (move === undefined) return undefined
  const now = await refs.head()
  if (!isSameHead(now, move.after)) {
    const [is, expected] = [now, move.after].map((each) => formatHead(each).trimEnd())
    throw new ConflictError('head-changed', `HEAD was moved since: it is "${is}", and the command left "${expected}"`, {
      hint: 'move it back first, with `jzfs switch`',
      details: { expected, actual: is },
    })
  }
  return isSameHead(move.before, now) ? undefined : { before: now, after: move.before, message: '' }
}

function reversedSequence(repository: Repository, { operations }: LoggedCommand): OperationPlan['sequence'] {
  const change = throughout(operations.map(({ sequence }) => sequence))
  if (change === undefined) return undefined
  const now = readSequence(repository)
  if (!isSameSequence(now, change.after)) {
    throw new ConflictError('sequence-changed', 'what is in progress here is not what the command left', {
      hint: 'look at `jzfs status`, and finish it or give it up',
    })
  }
  return isSameSequence(now, change.before) ? undefined : { before: now, after: change.before }
}

/** The list of stashes is a log: what a command added to it goes, and is not followed by a line more. */
const STASH = 'refs/stash'

function reversedLogs(
  layout: Layout,
  { operations }: LoggedCommand,
  changes: readonly RefChange[],
): Pick<ReversedRefs, 'reflogMoves' | 'reflogReturns' | 'reflogCuts'> {
  const reflogMoves: { before: string; after: string }[] = []
  const returns = new Map<string, number>()
  for (const entry of operations.toReversed()) {
    for (const { before, after } of entry.reflogMoves.toReversed()) reflogMoves.push({ before: after, after: before })
    const names = [...entry.refs, ...entry.reflogCuts, ...entry.reflogReturns].map(({ name }) => name)
    for (const name of names.filter((each) => isTakenBack(operations, each)))
      if (existsSync(keptLogPath(layout, entry.number, name))) returns.set(name, entry.number)
  }
  // With the last stash the log goes, too. One that is like the one before it, of the same second, does not move the ref.
  const isGone = changes.some(({ name, after }) => name === STASH && after === undefined)
  const pushed = operations.filter(({ reflog }) => reflog.some(({ name }) => name === STASH))
  const cut: ReflogCut = { name: STASH, operations: pushed.map(({ number }) => number) }
  const isCut = !isGone && !returns.has(STASH) && cut.operations.length > 0
  return {
    ...(reflogMoves.length === 0 ? {} : { reflogMoves }),
    ...(returns.size === 0 ? {} : { reflogReturns: Array.from(returns, ([name, from]) => ({ name, from })) }),
    ...(isCut ? { reflogCuts: [cut] } : {}),
  }
}

function movedSince(name: string, expected: RefChange['after'], actual: RefChange['after']): ConflictError {
  const is = actual === undefined ? 'is gone' : `is ${actual.toString()}`
  const left = expected === undefined ? 'without it' : `at ${expected.toString()}`
  return new ConflictError('ref-changed', `${name} was moved since: it ${is}, and the command left it ${left}`, {
    hint: 'something moved it that is not undone: move it back first, with `jzfs update-ref`',
    details: { ref: name, expected: expected?.toString(), actual: actual?.toString() },
  })
}

function damaged(name: string): InvalidError {
  return new InvalidError(
    'cannot-be-undone',
    `${name} was damaged before the command, and what it named is not known`,
    {
      hint: '`jzfs reflog` may tell; set it with `jzfs update-ref`',
      details: { reason: 'damaged', ref: name },
    },
  )
}
