import type { CID } from 'multiformats/cid'

import { type Fields, readList, readMap, readText } from '../../model/commit/dag-json-fields.ts'
import { FieldProblem } from '../../model/commit/field-problem.ts'
import type { Head } from '../refs/head.ts'
import { readCid } from './sequence-fields.ts'

/** Changes of commits that are made again, one after the other: a cherry-pick, a revert, or a rebase that waits. */
export interface ReplaySequence {
  kind: 'cherry-pick' | 'revert' | 'rebase'
  /** What was checked out when it began, and what commit that was (undefined: none yet): where `--abort` goes back to. */
  head: Head
  before: CID | undefined
  /** The commit that it has brought HEAD to. Elsewhere somebody has moved it. */
  at: CID | undefined
  /** Where a rebase puts the commits. */
  onto: CID | undefined
  /** Commits whose changes were made, and commits still to come, in their order. */
  done: CID[]
  todo: CID[]
  /** The commit at which it waits, in neither list; undefined where that was settled by other commands. */
  stopped: ReplayStop | undefined
  options: ReplayOptions
}

/** Why a replay waits. */
export interface ReplayStop {
  commit: CID
  /** Paths are in conflict (or were), or the change is there already. */
  reason: 'conflict' | 'empty'
  /** What the message of the new commit is. */
  message: string
}

/** How changes are made again. */
export interface ReplayOptions {
  /** Of a merge, the change against its parent of this number (from 1). */
  mainline: number | undefined
  /** Leave the changes in index and files, and make no commit (`--no-commit`). */
  noCommit: boolean
  /** Say in the message where a commit comes from (`-x`). */
  recordsOrigin: boolean
  /** What becomes of commits that change nothing: of those that never did, and of those whose change is there already. */
  empty: 'keep' | 'stop'
  redundant: 'keep' | 'stop' | 'drop'
  /** Settle conflicts by one side (`-X`). */
  favour: 'ours' | 'theirs' | undefined
}

/** What is in progress once the commit at which a replay waits was made, as `commit`: undefined where that was all. */
export function replayAfterCommit(sequence: ReplaySequence, commit: CID): ReplaySequence | undefined {
  const { stopped, done } = sequence
  // Another commit is none of its own: HEAD was moved by somebody.
  if (stopped === undefined) return sequence
  return unlessDone({ ...sequence, at: commit, done: [...done, stopped.commit], stopped: undefined })
}

/** What is in progress once the commit at which a replay waits was left out: undefined where that was all. */
export function replayAfterSkip(sequence: ReplaySequence): ReplaySequence | undefined {
  return unlessDone({ ...sequence, stopped: undefined })
}

/** A rebase has still to put its branch in place. */
function unlessDone(sequence: ReplaySequence): ReplaySequence | undefined {
  return sequence.kind === 'rebase' || sequence.todo.length > 0 ? sequence : undefined
}

/** The fields of a replay in `sequence.json`. */
export function replayDocument(sequence: ReplaySequence): Fields {
  const { kind, head, before, at, onto, done, todo, stopped, options } = sequence
  return {
    kind,
    head: 'branch' in head ? head : { detached: head.detached.toString() },
    before: before?.toString() ?? null,
    at: at?.toString() ?? null,
    onto: onto?.toString() ?? null,
    done: done.map(String),
    todo: todo.map(String),
    stopped: stopped === undefined ? null : { ...stopped, commit: stopped.commit.toString() },
    options: { ...options, mainline: options.mainline ?? null, favour: options.favour ?? null },
  }
}

const FIELDS = ['kind', 'head', 'before', 'at', 'onto', 'done', 'todo', 'stopped', 'options']

/** Reads the fields of a replay strictly: FieldProblem where they are not what `replayDocument` writes. */
export function readReplay(value: unknown): ReplaySequence {
  const fields = readMap('', value, FIELDS)
  const commits = (name: string): CID[] =>
    readList(name, fields[name]).map((each, position) => readCid(`${name}.${position}`, each))
  return {
    kind: readChoice('kind', fields['kind'], ['cherry-pick', 'revert', 'rebase']),
    head: readHead(fields['head']),
    before: readOptionalCid('before', fields['before']),
    at: readOptionalCid('at', fields['at']),
    onto: readOptionalCid('onto', fields['onto']),
    done: commits('done'),
    todo: commits('todo'),
    stopped: fields['stopped'] === null ? undefined : readStop(fields['stopped']),
    options: readOptions(fields['options']),
  }
}

function readStop(value: unknown): ReplayStop {
  const fields = readMap('stopped', value, ['commit', 'reason', 'message'])
  return {
    commit: readCid('stopped.commit', fields['commit']),
    reason: readChoice('stopped.reason', fields['reason'], ['conflict', 'empty']),
    message: readText('stopped.message', fields['message']),
  }
}

const OPTIONS = ['mainline', 'noCommit', 'recordsOrigin', 'empty', 'redundant', 'favour']

function readOptions(value: unknown): ReplayOptions {
  const fields = readMap('options', value, OPTIONS)
  const { mainline, favour } = fields
  if (mainline !== null && !Number.isSafeInteger(mainline))
    throw new FieldProblem('options.mainline', 'must be a number')
  return {
    mainline: mainline === null ? undefined : (mainline as number),
    noCommit: readBoolean('options.noCommit', fields['noCommit']),
    recordsOrigin: readBoolean('options.recordsOrigin', fields['recordsOrigin']),
    empty: readChoice('options.empty', fields['empty'], ['keep', 'stop']),
    redundant: readChoice('options.redundant', fields['redundant'], ['keep', 'stop', 'drop']),
    favour: favour === null ? undefined : readChoice<'ours' | 'theirs'>('options.favour', favour, ['ours', 'theirs']),
  }
}

function readHead(value: unknown): Head {
  const isBranch = typeof value === 'object' && value !== null && 'branch' in value
  const fields = readMap('head', value, [isBranch ? 'branch' : 'detached'])
  if (isBranch) return { branch: readText('head.branch', fields['branch']) }
  return { detached: readCid('head.detached', fields['detached']) }
}

function readOptionalCid(at: string, value: unknown): CID | undefined {
  return value === null ? undefined : readCid(at, value)
}

function readBoolean(at: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new FieldProblem(at, 'must be true or false')
  return value
}

function readChoice<Choice extends string>(at: string, value: unknown, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw new FieldProblem(at, `must be one of ${choices.join(', ')}`)
  return found
}
