import type { BlockSource } from '../../model/block.ts'
import type { Person } from '../../model/commit/person.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import { InvalidError } from '../../model/errors.ts'
import type { IndexRecord } from '../../repo/operation/index-record.ts'
import type { OperationEntry, TakenBack } from '../../repo/operation/operation-entry.ts'
import { readOperation } from '../../repo/operation/operation-log.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import { lastUndo, lastUndoable, type LoggedCommand } from '../../repo/undo/logged-command.ts'
import { reverseRefs, type ReversedRefs } from '../../repo/undo/reverse-refs.ts'
import type { Lock } from '../../store/lock/lock.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { indexOfRecord, isSameRecord } from '../index/index-of-record.ts'
import { openIndex, type OpenIndexOptions } from '../index/open-index.ts'
import { recordIndex } from '../index/record-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { rewriteFiles, type FileRewrite, type RewriteOptions, type RewrittenFiles } from '../rewrite/rewrite-files.ts'
import { listPaths } from '../rewrite/would-overwrite.ts'
import { explainMissing } from './file-change.ts'
import { planFiles } from './plan-files.ts'

export interface UndoOptions extends OpenIndexOptions, RewriteOptions {
  /** The command line and who runs it, for the logs. */
  command: string
  person: Person
  /** Also where files were changed since, which are kept, or where the content of some was not kept. */
  force?: boolean
  dryRun?: boolean
}

/** A command that was taken back, or would be. */
export interface Undone
  extends RewrittenFiles, Pick<ReversedRefs, 'refs' | 'head' | 'config' | 'sequence' | 'reflogMoves'> {
  /** The command that was undone, or redone; undefined where its entry has expired. */
  command: Pick<OperationEntry, 'number' | 'command' | 'person'> | undefined
  /** Files that were written, removed or moved: paths. */
  files: string[]
  /** Whether what is staged changed. */
  index: boolean
  /** Files that were changed since, and kept. */
  discarded: string[]
  /** Files whose content was not kept when they were overwritten: they stay as they are. */
  lost: string[]
}

/**
 * Takes back the last command that moved refs or HEAD, rewrote files or took from the index: refs, HEAD, what is in progress,
 * index and files are as before it, in one operation. Done again it takes back the one before; `redoLast` goes the other way.
 *
 * Throws, with nothing changed, InvalidError `nothing-to-undo`, `cannot-be-undone` (details: `reason`: `expired`, `missing`,
 * `not-kept`, `not-recorded`, `damaged`); ConflictError `would-overwrite` (details: `paths`) for files that were changed since,
 * `ref-changed`, `head-changed`, `config-changed`, `sequence-changed`.
 */
export function undoLast(repository: Repository, options: UndoOptions): Promise<Undone> {
  return takeBack(repository, 'undo', options)
}

/** Takes back the last undo, as long as nothing else was done since. Throws InvalidError `nothing-to-redo`, and as `undoLast`. */
export function redoLast(repository: Repository, options: UndoOptions): Promise<Undone> {
  return takeBack(repository, 'redo', options)
}

async function takeBack(repository: Repository, kind: TakenBack['kind'], options: UndoOptions): Promise<Undone> {
  const { layout } = repository
  using lock = await repository.lock(options.command, options)
  const taken = kind === 'undo' ? lastUndoable(layout) : lastUndo(layout)
  const of = taken.operations.at(-1)?.undo?.of ?? taken.first
  const command = readOperation(layout, of)
  const refs = await reverseRefs(repository, taken, `${kind}: ${command?.command ?? `operation ${of}`}`)
  const undo: TakenBack = { kind, takes: taken.first, of }
  const moves = { command: options.command, person: options.person, undo, ...refs }
  const { head, config = [], sequence, reflogMoves = [] } = refs
  const whole = {
    command,
    refs: refs.refs ?? [],
    reflogMoves,
    config,
    sequence,
    ...(head === undefined ? {} : { head }),
  }
  const pack = await repository.store.createPack(options)
  try {
    const done =
      repository.worktree === undefined
        ? await takeBackRefs(repository, lock, taken, moves, options)
        : await takeBackAll(repository, lock, pack, { taken, moves }, options)
    return { ...whole, ...done }
  } finally {
    pack.abort()
  }
}

type Moves = Pick<FileRewrite, 'command' | 'person' | 'undo'> & ReversedRefs
type Done = Omit<Undone, 'command' | keyof ReversedRefs>

const NO_FILES: Done = { files: [], index: false, discarded: [], lost: [], left: [], failed: [] }

async function takeBackRefs(
  repository: Repository,
  lock: Lock,
  { operations }: LoggedCommand,
  moves: Moves,
  { dryRun }: UndoOptions,
): Promise<Done> {
  const other = operations.find(({ worktree, renames }) => worktree !== undefined || renames.length > 0)
  if (other !== undefined) {
    throw new InvalidError('cannot-be-undone', `operation ${other.number} changed files, and the repository is bare`, {
      hint: 'move the refs back with `jzfs update-ref`',
      details: { reason: 'bare', operation: other.number },
    })
  }
  if (dryRun !== true) await runOperation(repository, lock, moves)
  return NO_FILES
}

async function takeBackAll(
  repository: Repository,
  lock: Lock,
  pack: PackWriter,
  { taken, moves }: { taken: LoggedCommand; moves: Moves },
  options: UndoOptions,
): Promise<Done> {
  const { store } = repository
  const index = await openIndex(repository, options)
  const now = await recordIndex(index, pack, store)
  const goal = await goalOf(taken, now, index, blocksOf(repository, pack), options)
  const files = await planFiles(repository, index, taken, pack, options)
  if (files.lost.length > 0 && options.force !== true) throw notKept(taken, files.lost)
  const { discarded, overwritten, renames, replaced, before, after } = files
  const done: Done = {
    ...NO_FILES,
    files: files.paths,
    index: goal !== undefined,
    discarded: discarded.map(({ path }) => path),
    lost: files.lost,
  }
  if (options.dryRun === true) return done
  if (goal === undefined && files.paths.length === 0) {
    await runOperation(repository, lock, moves)
    return done
  }
  pack.add(EMPTY_DIRECTORY)
  const rewrite: FileRewrite = {
    ...moves,
    ...(files.paths.length === 0 ? {} : { files: { before, after } }),
    indexBefore: index,
    index: goal ?? index,
    tree: index.tree,
    discarded,
    overwritten,
    renames,
    replacedFiles: replaced,
  }
  const last = taken.operations.at(-1) as OperationEntry
  const report = await explainMissing(last, () => rewriteFiles(repository, lock, pack, rewrite, options))
  return { ...done, ...report }
}

/** The index as it was before a command; undefined where that is what it is. */
async function goalOf(
  { operations }: LoggedCommand,
  now: IndexRecord,
  index: StagingIndex,
  source: BlockSource,
  options: UndoOptions,
): Promise<StagingIndex | undefined> {
  const first = operations.find((entry) => entry.index !== undefined)
  if (first === undefined) return undefined
  const record = first.index?.before
  if (record === undefined) {
    throw new InvalidError('cannot-be-undone', `operation ${first.number} did not record what the index was`, {
      hint: '`jzfs op show` tells what it changed; go back with `jzfs reset`',
      details: { reason: 'not-recorded', operation: first.number },
    })
  }
  if (isSameRecord(record, now)) return undefined
  return explainMissing(first, () => indexOfRecord(source, record, { index, now }, options))
}

function blocksOf({ store }: Repository, pack: PackWriter): BlockSource {
  return { get: async (cid, options) => pack.get(cid) ?? store.get(cid, options) }
}

function notKept({ operations }: LoggedCommand, paths: string[]): InvalidError {
  const { number, command } = operations.at(-1) as OperationEntry
  const what = `operation ${number} (${command}) overwrote more than is kept (undo.maxSize): ${listPaths(paths)}`
  return new InvalidError('cannot-be-undone', what, {
    hint: 'take back all but these files with --force',
    details: { reason: 'not-kept', operation: number, paths },
  })
}
