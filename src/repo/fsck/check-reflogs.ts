import { closeSync, fstatSync, openSync } from 'node:fs'
import { relative, sep } from 'node:path'

import type { CID } from 'multiformats/cid'

import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import { logFiles } from '../gc/expire-records.ts'
import { decodeRefPath } from '../refs/ref-encoding.ts'
import { parseReflogLine, type ReflogEntry } from '../refs/reflog.ts'
import { reverseLines } from '../refs/reverse-lines.ts'
import { shortName } from './check-refs.ts'
import { type CheckRun, targetMissing } from './check-run.ts'
import type { FsckFinding } from './fsck-finding.ts'

/** Checks every entry of all reflogs, and what they reach. */
export async function* checkReflogs(run: CheckRun): AsyncGenerator<FsckFinding> {
  const { logs } = run.repository.layout
  for (const path of logFiles(logs)) yield* checkReflog(run, path, nameOfLog(logs, path))
}

/** Checks every entry of the log at a path, newest first; entries are called `name@{0}` and so on. */
export async function* checkReflog(run: CheckRun, path: string, name: string): AsyncGenerator<FsckFinding> {
  const file = openIfThere(path)
  if (file === undefined) return
  try {
    let at = 0
    let end = 0
    for (const line of reverseLines(file)) {
      end = Math.max(end, line.end)
      let entry: ReflogEntry | undefined
      try {
        entry = parseReflogLine(line.text, path)
      } catch (error) {
        yield run.problem(error, path)
      }
      const revision = `${name}@{${at++}}`
      for (const cid of new Set([entry?.after, entry?.before])) {
        if (cid !== undefined) yield* checkTarget(run, revision, cid, path)
      }
    }
    if (fstatSync(file).size > end) yield torn(name, path)
  } finally {
    closeSync(file)
  }
}

async function* checkTarget(run: CheckRun, revision: string, cid: CID, path: string): AsyncGenerator<FsckFinding> {
  if (run.walk.isMet(cid.multihash.digest)) return
  if (await run.repository.store.has(cid)) yield* run.follow({ cid, revision })
  else yield targetMissing(run, revision, cid, path)
}

function torn(name: string, path: string): FsckFinding {
  const message = `the last line of the reflog of ${name} is torn, and passed over: ${path}`
  return { kind: 'record', severity: 'warning', code: 'reflog-torn', message, path }
}

function nameOfLog(logs: string, path: string): string {
  const encoded = relative(logs, path).slice(0, -'.log'.length)
  if (encoded === 'HEAD') return encoded
  return shortName(decodeRefPath(sep === '/' ? encoded : encoded.replaceAll(sep, '/')) ?? encoded)
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return undefined
    throw explainFsError(error, path)
  }
}
