import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import { IntegrityError, NotFoundError, UnavailableError } from '../../model/errors.ts'
import type { StoreFinding } from '../../store/check-store.ts'
import type { Lock } from '../../store/lock/lock.ts'
import type { Store } from '../../store/store.ts'
import { readText } from '../gc/expire-records.ts'
import { parseOperation } from '../operation/operation-entry.ts'
import type { Repository } from '../repository.ts'
import { type VerifyOptions, type VerifyProgress, VerifyRun } from '../verify/verify-run.ts'
import { checkInProgress, checkOperations, markOthers } from './check-operations.ts'
import { checkReflogs } from './check-reflogs.ts'
import { checkRefs, isPendingReadable } from './check-refs.ts'
import { type CheckRun, createCheckRun } from './check-run.ts'
import { findOrphans } from './find-orphans.ts'
import type { FsckFinding } from './fsck-finding.ts'

export interface FsckOptions extends AbortOptions {
  /** Leaves are not read: only whether they are there, whether packs are whole, and everything that links others. */
  connectivityOnly?: boolean
  /** Whether reflogs and operations count as roots (default: yes). */
  reflogs?: boolean
  /** Which blocks are named that nothing leads to (default `dangling`). */
  orphans?: 'dangling' | 'unreachable' | 'none'
  /** What others rely on: heads that are published. It need not be there. */
  roots?: readonly CID[]
  /** Reads blocks in place of the store. */
  source?: BlockSource
  /** Checks what the layer above refers to, after the refs. */
  checkMore?: (run: CheckRun) => AsyncGenerator<FsckFinding>
  /** Has what the layer above relies on count as reached; it need not be there. */
  markMore?: (run: CheckRun) => AsyncGenerator<FsckFinding>
  onProgress?: ((progress: FsckProgress) => void) | undefined
}

/** How far a check is. */
export interface FsckProgress extends Partial<VerifyProgress> {
  step: 'packs' | 'objects'
}

/**
 * Checks a whole repository, and yields what is wrong with it as it is found; returns the totals of what is reached
 * (`findings`: errors of all kinds).
 *
 * In this order: packs and loose blocks (structure, indexes, every hash); HEAD and refs with all that they reach (commits,
 * tags, directories, shards and files, decoded strictly); what the layer above refers to; what is in progress; reflogs,
 * entry by entry; operations; and at last the blocks that nothing leads to. A lease keeps `gc` from removing anything
 * meanwhile; others may read and write.
 *
 * Memory: 48 bytes a block, whatever their size. Throws only for what is no fault of the data.
 */
export async function* checkRepository(
  repository: Repository,
  options: FsckOptions = {},
): AsyncGenerator<FsckFinding, VerifyProgress> {
  const checking = checkParts(repository, options)
  let errors = 0
  try {
    for (;;) {
      const { done, value } = await checking.next()
      if (done === true) return { ...value, findings: errors }
      if (value.severity === 'error') errors++
      yield value
    }
  } finally {
    await checking.return(undefined as never)
  }
}

async function* checkParts(repository: Repository, options: FsckOptions): AsyncGenerator<FsckFinding, VerifyProgress> {
  const startedMs = Date.now()
  using _lease = await leaseIfWritable(repository, options)
  const { store } = repository
  const walk = new VerifyRun(options.source ?? store, walkOptions(repository, options))
  const run = createCheckRun(repository, walk)
  const damaged = yield* checkBlocks(run, options)
  const isReadable = await isPendingReadable(run)
  if (!isReadable) yield* pendingProblem(run)
  yield* checkRefs(run, isReadable)
  if (options.checkMore !== undefined) yield* options.checkMore(run)
  yield* checkInProgress(run)
  if (options.reflogs !== false) yield* checkReflogs(run)
  if (options.reflogs !== false) yield* checkOperations(run)
  yield* markOthers(run, options.roots ?? [])
  if (options.markMore !== undefined) yield* options.markMore(run)
  // What is corrupt and was not met is needed by nothing.
  for (const [digest, finding] of damaged) {
    if (!run.named.has(digest)) yield storeProblem({ ...finding, hasSoundCopy: await isSound(store, finding.cid) })
  }
  const { orphans = 'dangling', signal } = options
  if (orphans !== 'none') yield* findOrphans(store, walk, { show: orphans, beforeMs: startedMs, signal })
  return walk.finish()
}

function walkOptions({ store }: Repository, options: FsckOptions): VerifyOptions {
  const { signal, connectivityOnly, onProgress } = options
  return {
    signal,
    ...(onProgress && { onProgress: (progress: VerifyProgress) => onProgress({ step: 'objects', ...progress }) }),
    ...(connectivityOnly === true && { isThere: (cid: CID) => store.has(cid) }),
  }
}

/** Checks the store. Returns its corrupt blocks without a sound copy, by digest: what needs them tells more of them. */
async function* checkBlocks(
  { repository, walk }: CheckRun,
  { signal, connectivityOnly = false, onProgress }: FsckOptions,
): AsyncGenerator<FsckFinding, Map<string, StoreFinding>> {
  const damaged = new Map<string, StoreFinding>()
  const found = repository.store.verifyPacks({
    signal,
    structureOnly: connectivityOnly,
    onProgress: (progress) => onProgress?.({ step: 'packs', ...progress }),
    onSound: (cid, sizeBytes) => {
      if (cid.code === RAW) walk.expectLeaf(cid.multihash.digest, sizeBytes)
    },
  })
  for await (const finding of found) {
    const { cid, hasSoundCopy } = finding
    if (cid === undefined || hasSoundCopy) yield storeProblem(finding)
    else damaged.set(Buffer.from(cid.multihash.digest).toString('hex'), finding)
  }
  return damaged
}

async function isSound(store: Store, cid: CID | undefined): Promise<boolean> {
  try {
    return cid !== undefined && (await store.get(cid)) !== undefined
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof NotFoundError) return false
    throw error
  }
}

function storeProblem(finding: StoreFinding): FsckFinding {
  return { kind: 'store', severity: 'error', ...finding }
}

function* pendingProblem(run: CheckRun): Generator<FsckFinding> {
  const { pending } = run.repository.layout
  try {
    parseOperation(readText(pending), pending)
  } catch (error) {
    yield run.problem(error, pending)
  }
}

async function leaseIfWritable({ store }: Repository, { signal }: AbortOptions): Promise<Lock | undefined> {
  try {
    return await store.lease({ signal })
  } catch (error) {
    if (error instanceof UnavailableError) return undefined
    throw error
  }
}
