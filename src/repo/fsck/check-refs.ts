import type { CID } from 'multiformats/cid'

import { DAG_JSON } from '../../model/cid.ts'
import { type IntegrityError, JzfsError } from '../../model/errors.ts'
import { type Head, readHeadFile } from '../refs/head.ts'
import { PARTIAL_REFS } from '../refs/partial-ref.ts'
import { PSEUDO_REFS } from '../refs/pseudo-ref.ts'
import { fileOfRef, listRefFiles, type Ref } from '../refs/ref-files.ts'
import type { CheckRun } from './check-run.ts'
import type { FsckFinding } from './fsck-finding.ts'

/** Checks HEAD and all refs (also those that are not listed), and all that they reach, newest first. */
export async function* checkRefs(run: CheckRun, isPendingReadable: boolean): AsyncGenerator<FsckFinding> {
  const { layout, refs } = run.repository
  const findings: FsckFinding[] = []
  let head: Head | undefined
  try {
    head = isPendingReadable ? await refs.head() : readHeadFile(layout.head)
  } catch (error) {
    findings.push(run.problem(error, layout.head))
  }
  const onCorrupt = (error: IntegrityError): void => {
    findings.push(run.problem(error, String(error.details['path'])))
  }
  const files = listRefFiles(layout, 'refs', isPendingReadable ? () => {} : onCorrupt)
  const listed = isPendingReadable ? await refs.list('refs', { onCorrupt }) : []
  yield* findings
  const all = new Map([...files, ...listed].map((ref) => [ref.name, ref]))
  if (head !== undefined) yield* checkHead(run, head, all)
  for (const ref of all.values()) yield* checkRef(run, ref)
}

async function* checkHead(run: CheckRun, head: Head, all: ReadonlyMap<string, Ref>): AsyncGenerator<FsckFinding> {
  const cid = 'branch' in head ? all.get(head.branch)?.cid : head.detached
  // An unborn branch is no fault.
  if (cid !== undefined) yield* followCommit(run, 'HEAD', cid, run.repository.layout.head)
}

async function* checkRef(run: CheckRun, { name, cid }: Ref): AsyncGenerator<FsckFinding> {
  if (name.startsWith(PARTIAL_REFS)) return
  const path = fileOfRef(run.repository.layout, name)
  if (name.startsWith('refs/heads/')) yield* followCommit(run, shortName(name), cid, path)
  else yield* run.follow({ cid, revision: shortName(name) })
}

async function* followCommit(run: CheckRun, revision: string, cid: CID, path: string): AsyncGenerator<FsckFinding> {
  if (cid.code === DAG_JSON) {
    yield* run.follow({ cid, revision, is: 'commit' })
    return
  }
  yield {
    kind: 'record',
    severity: 'error',
    code: 'not-a-commit',
    message: `${revision} names ${cid.toString()}, which is no commit: ${path}`,
    path,
  }
  yield* run.follow({ cid, revision })
}

/** As a revision names it: `main`, `v1`, `refs/stash`. */
export function shortName(name: string): string {
  if (name.startsWith(PSEUDO_REFS)) return name.slice(PSEUDO_REFS.length)
  return name.replace(/^refs\/(?:heads|tags)\//, '')
}

/** Whether the entry of the operation at work can be read; all answers of `Refs` depend on it. */
export async function isPendingReadable({ repository }: CheckRun): Promise<boolean> {
  try {
    await repository.refs.read('refs/heads/main')
    return true
  } catch (error) {
    if (error instanceof JzfsError) return !error.code.startsWith('operation-') && !error.code.startsWith('sequence-')
    throw error
  }
}
