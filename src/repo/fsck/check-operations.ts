import { existsSync } from 'node:fs'

import type { CID } from 'multiformats/cid'

import { IntegrityError, NotFoundError } from '../../model/errors.ts'
import { BISECT_REFS, readBisect } from '../bisect/bisect-state.ts'
import { cidsInText } from '../gc/cids-in-text.ts'
import { logFiles, readText } from '../gc/expire-records.ts'
import { stateFiles } from '../gc/state-files.ts'
import { type OperationEntry, parseOperation } from '../operation/operation-entry.ts'
import { listOperationFiles } from '../operation/operation-log.ts'
import { PARTIAL_REFS } from '../refs/partial-ref.ts'
import { listRefFiles, refPath } from '../refs/ref-files.ts'
import { parseSequence } from '../sequence/sequence-format.ts'
import { checkReflog } from './check-reflogs.ts'
import { type CheckRun, targetMissing } from './check-run.ts'
import type { FsckFinding } from './fsck-finding.ts'

/** Checks what waits for its user: it must be readable, and all that it names be there. */
export async function* checkInProgress(run: CheckRun): AsyncGenerator<FsckFinding> {
  const { layout } = run.repository
  const text = readText(layout.sequence)
  if (existsSync(layout.sequence)) {
    try {
      parseSequence(text, layout.sequence)
    } catch (error) {
      yield run.problem(error, layout.sequence)
    }
    for (const cid of cidsInText(text)) yield* run.follow({ cid, revision: 'what is in progress' })
  }
  try {
    await readBisect(run.repository)
  } catch (error) {
    // A block that is missing is named as what its ref names.
    if (!(error instanceof NotFoundError)) yield* bisectProblem(run, error)
  }
}

function* bisectProblem(run: CheckRun, error: unknown): Generator<FsckFinding> {
  if (error instanceof IntegrityError && error.code !== 'bisect-corrupt') return
  yield run.problem(error, refPath(run.repository.layout, `${BISECT_REFS}state`))
}

/** Checks the entries of operations, and the reflogs that they put aside. */
export async function* checkOperations(run: CheckRun): AsyncGenerator<FsckFinding> {
  const { layout } = run.repository
  for (const { number, path, logsFolder } of listOperationFiles(layout)) {
    let entry: OperationEntry | undefined
    const text = readText(path)
    try {
      entry = parseOperation(text, path)
      if (entry.number !== number) throw wrongNumber(path, entry.number)
    } catch (error) {
      if (existsSync(path)) yield run.problem(error, path)
    }
    if (entry !== undefined) yield* checkNamed(run, entry, path)
    for (const cid of cidsInText(text)) yield* run.mark(cid)
    for (const log of logFiles(logsFolder)) yield* checkReflog(run, log, `the log in operation ${number}`)
  }
}

/** That an operation cannot be undone any more is a pity, and no loss of what is there. */
async function* checkNamed(run: CheckRun, entry: OperationEntry, path: string): AsyncGenerator<FsckFinding> {
  for (const cid of neededForUndo(entry)) {
    if (run.walk.isMet(cid.multihash.digest) || (await run.repository.store.has(cid))) continue
    yield { ...targetMissing(run, `operation ${entry.number}`, cid, path), severity: 'warning' }
  }
}

function neededForUndo({ refs, worktree, index, discarded, replaced }: OperationEntry): CID[] {
  const named = [
    ...refs.flatMap(({ before, after }) => [before, after]),
    worktree?.before,
    worktree?.after,
    index?.before?.tree,
    replaced,
    ...discarded.map(({ cid }) => cid),
  ]
  const found = new Map(named.flatMap((cid) => (cid === undefined ? [] : [[cid.toString(), cid]])))
  return [...found.values()]
}

function wrongNumber(path: string, number: number): IntegrityError {
  return new IntegrityError(
    'operation-corrupt',
    `the entry of an operation says that its number is ${number}: ${path}`,
    {
      details: { path },
    },
  )
}

/** Has all that is kept for other reasons count as reached: what transfers have brought so far, and files of unknown kinds. */
export async function* markOthers(run: CheckRun, roots: readonly CID[]): AsyncGenerator<FsckFinding> {
  const { layout } = run.repository
  for (const cid of roots) yield* run.mark(cid)
  for (const { cid } of listRefFiles(layout, PARTIAL_REFS, () => {})) yield* run.mark(cid)
  for (const path of stateFiles(layout)) for (const cid of cidsInText(readText(path))) yield* run.mark(cid)
}
