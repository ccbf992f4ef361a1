import { relative } from 'node:path'

import type { CID } from 'multiformats/cid'

import { shortenCid } from '../../model/cid-text.ts'
import { JzfsError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { Repository } from '../repository.ts'
import { verifyStarts, type VerifyStart } from '../verify.ts'
import type { VerifyFinding, VerifyPlace, VerifyRun } from '../verify/verify-run.ts'
import { verifyTree } from '../verify/verify-tree.ts'
import type { ObjectFinding, RecordFinding } from './fsck-finding.ts'

/** What the parts of one check share: the walk, which goes through each block once, and the words for what it finds. */
export interface CheckRun {
  readonly repository: Repository
  readonly walk: VerifyRun
  /** Digests of blocks whose loss the walk has named, in hexadecimal. */
  readonly named: Set<string>
  /** Checks what a root reaches and was not seen. */
  follow(start: VerifyStart): AsyncGenerator<ObjectFinding>
  /** Checks a file or directory that stands at a path of the index. */
  followEntry(cid: CID, tsize: number, path: string): AsyncGenerator<ObjectFinding>
  /** Has what a root reaches, as far as it is there, count as reached. */
  mark(cid: CID): AsyncGenerator<ObjectFinding>
  /** What is wrong with the record in a file. Throws what is no fault of the record. */
  problem(error: unknown, path: string): RecordFinding
}

/** What findings in the index have as their revision. */
const INDEX = 'index'

/** Makes what a check shares, over a walk. */
export function createCheckRun(repository: Repository, walk: VerifyRun): CheckRun {
  const named = new Set<string>()
  const objectFinding = (finding: VerifyFinding, tip?: CID): ObjectFinding => {
    named.add(Buffer.from(finding.cid.multihash.digest).toString('hex'))
    return { kind: 'object', severity: 'error', ...finding, where: whereOf(finding, finding.cid, tip) }
  }
  const run: CheckRun = {
    repository,
    walk,
    named,
    async *follow(start) {
      for await (const finding of verifyStarts(walk, [start])) yield objectFinding(finding, start.cid)
    },
    async *followEntry(cid, tsize, path) {
      const place: VerifyPlace = { revision: INDEX, commit: undefined, path }
      for await (const finding of verifyTree(walk, cid, place, tsize)) yield objectFinding(finding)
    },
    async *mark(cid) {
      walk.isTolerant = true
      try {
        yield* run.follow({ cid, revision: cid.toString() })
      } finally {
        walk.isTolerant = false
      }
    },
    problem(error, path) {
      if (!(error instanceof JzfsError) || (error.family !== 'integrity' && error.family !== 'invalid')) throw error
      const { code, message, hint } = error
      return { kind: 'record', severity: 'error', code, message, hint, path }
    },
  }
  return run
}

/** A record that names what is not there. */
export function targetMissing(run: CheckRun, name: string, cid: CID, path: string): RecordFinding {
  const file = relative(run.repository.path, path)
  return {
    kind: 'record',
    severity: 'error',
    code: 'target-missing',
    message: `${name} names ${cid.toString()}, which is not here: ${file}`,
    path,
  }
}

function whereOf({ revision, commit, path, parentOf }: VerifyPlace, cid: CID, tip: CID | undefined): string {
  if (path === undefined) {
    if (tip?.equals(cid) === true) return revision
    return parentOf === undefined
      ? `what ${revision} names`
      : `a parent of ${shortenCid(parentOf)}, in the history of ${revision}`
  }
  const name = path === '' ? '' : quoteName(path)
  if (revision === INDEX) return `:${name}`
  return `${commit === undefined || tip?.equals(commit) === true ? revision : shortenCid(commit)}:${name}`
}
