import { availableParallelism } from 'node:os'

import { cidOfDigest, RAW } from '../../model/cid.ts'
import { CHUNK_SIZE } from '../../model/limits.ts'
import { buildFile, type Leaf } from '../../model/unixfs/file.ts'
import type { PackWriter } from '../pack/pack-writer.ts'
import { type Batches, createBatches } from './ingest-batches.ts'
import { type BigFile, createBigFile, type KnownPrefix } from './ingest-big-file.ts'
import { createIngestCrew, type IngestCrew } from './ingest-crew.ts'
import {
  type RangeTask,
  READ,
  REFUSED,
  type RefusalReason,
  type SourceStat,
  type Task,
  type TaskOutcome,
  TOO_BIG,
} from './ingest-messages.ts'
import { explainRefusal } from './ingest-refusal.ts'
import type { IngestOptions, IngestProgress, IngestRequest, IngestResult } from './ingest-request.ts'

/** Less than this the calling thread reads alone: it would be done before the others have started. */
const SMALL = { files: 4096, bytes: 32 * CHUNK_SIZE }

const CHECKPOINT_BYTES = 4 * 1024 ** 3

/** One ingest: see `ingestFiles`. */
export interface IngestRun<R extends IngestRequest> {
  results(): AsyncGenerator<IngestResult<R>, void, undefined>
  /** Ends the threads; aborts the pack if it could not be written. */
  stop(): Promise<void>
}

/** Prepares an ingest; nothing is read before the first result is asked for. */
export function createIngestRun<R extends IngestRequest>(
  pack: PackWriter,
  requests: Iterable<R> | AsyncIterable<R>,
  options: IngestOptions<R>,
): IngestRun<R> {
  return new WholeRun(pack, requests, options)
}

/** A task, and what is to be done with its outcome. */
interface Job {
  task: Task
  settle(outcome: TaskOutcome): void
}

/** A big file that is being read, and how often that was tried. */
interface Reading<R> {
  request: R
  file: BigFile
  attempt: number
}

class WholeRun<R extends IngestRequest> implements IngestRun<R> {
  readonly #pack: PackWriter
  readonly #options: IngestOptions<R>
  readonly #batches: Batches<R>
  readonly #crew: IngestCrew
  #ready: IngestResult<R>[] = []
  readonly #big = new Set<Reading<R>>()
  /** Big files that changed while they were read, to be begun again. */
  readonly #again: R[] = []
  #underWay = 0
  #failure: { error: unknown } | undefined
  #hasChanged = false
  #wake: (() => void) | undefined
  readonly #progress: IngestProgress = { files: 0, bytes: 0 }

  constructor(pack: PackWriter, requests: Iterable<R> | AsyncIterable<R>, options: IngestOptions<R>) {
    this.#pack = pack
    this.#options = options
    this.#batches = createBatches(requests)
    this.#crew = createIngestCrew(pack)
  }

  async *results(): AsyncGenerator<IngestResult<R>, void, undefined> {
    const { signal } = this.#options
    const onAbort = (): void => this.#changed()
    signal?.throwIfAborted()
    signal?.addEventListener('abort', onAbort)
    try {
      if (!(await this.#batches.isSmall(SMALL))) this.#hireWorkers()
      for (;;) {
        this.#hasChanged = false
        await this.#employWorkers()
        while (this.#ready.length > 0) yield* this.#ready.splice(0)
        signal?.throwIfAborted()
        if (this.#failure !== undefined) throw this.#failure.error
        await this.#checkpointIfDue()
        const job = await this.#nextJob()
        if (job !== undefined) await this.#perform(job, this.#crew.performHere(job.task))
        else if (this.#underWay > 0) await this.#change()
        else if (!this.#hasChanged) return
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  async stop(): Promise<void> {
    await this.#crew.stop()
    if (this.#failure !== undefined) this.#pack.abort()
    await this.#batches.close()
  }

  #hireWorkers(): void {
    this.#crew.hire(this.#options.workers ?? Math.min(4, availableParallelism()) - 1)
  }

  /** Resolves when something changed since the last look: a job was settled, or the signal aborted. */
  async #change(): Promise<void> {
    if (this.#hasChanged) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  #changed(): void {
    this.#hasChanged = true
    this.#wake?.()
  }

  /** Gives the worker threads as many jobs as they take. What is left is for the calling thread. */
  async #employWorkers(): Promise<void> {
    while (this.#crew.vacancies > 0) {
      const job = await this.#nextJob()
      if (job === undefined) return
      void this.#perform(job, this.#crew.perform(job.task))
    }
  }

  async #perform(job: Job, outcome: Promise<TaskOutcome>): Promise<void> {
    this.#underWay++
    try {
      job.settle(await outcome)
      this.#options.onProgress?.({ ...this.#progress })
    } catch (error) {
      this.#failure ??= { error }
    }
    this.#underWay--
    this.#changed()
  }

  async #nextJob(): Promise<Job | undefined> {
    return this.#rangeJob() ?? this.#retryJob() ?? (await this.#batchJob())
  }

  #rangeJob(): Job | undefined {
    for (const reading of this.#big) {
      const task = reading.file.takeRange()
      if (task !== undefined) return { task, settle: (outcome) => this.#settleRange(reading, task, outcome) }
    }
    return undefined
  }

  #retryJob(): Job | undefined {
    const request = this.#again.shift()
    return request === undefined ? undefined : this.#filesJob([request], 2)
  }

  async #batchJob(): Promise<Job | undefined> {
    const requests = await this.#batches.next()
    return requests === undefined ? undefined : this.#filesJob(requests, 1)
  }

  #filesJob(requests: R[], attempt: number): Job {
    const task: Task = { kind: 'files', paths: requests.map(({ path }) => path) }
    return { task, settle: (outcome) => this.#settleFiles(requests, attempt, outcome) }
  }

  #settleFiles(requests: R[], attempt: number, { states, stats, digests, refusals }: TaskOutcome): void {
    const reasons = new Map(refusals.map(({ index, reason }) => [index, reason]))
    let word = 0
    for (const [index, request] of requests.entries()) {
      const stat = statAt(stats, index)
      if (states[index] === REFUSED) this.#refuse(request, reasons.get(index)!)
      else if (states[index] === TOO_BIG) this.#begin(request, stat, attempt)
      else {
        const end = word + leafCount(stat.size) * 8
        this.#progress.bytes += stat.size
        this.#accept(request, stat, digests.subarray(word, end))
        word = end
      }
    }
  }

  #begin(request: R, stat: SourceStat, attempt: number): void {
    const { prefix } = request
    const isUsable = prefix !== undefined && isSame(prefix.stat, stat) && this.#holds(prefix.leaves)
    const reading = { request, file: createBigFile(request.path, stat, isUsable ? prefix : undefined), attempt }
    this.#big.add(reading)
    this.#hireWorkers()
    this.#settleReading(reading)
  }

  #settleRange(reading: Reading<R>, range: RangeTask, outcome: TaskOutcome): void {
    reading.file.settleRange(range, outcome)
    this.#progress.bytes += range.end - range.start
    this.#settleReading(reading)
  }

  #settleReading(reading: Reading<R>): void {
    const { request, file, attempt } = reading
    if (file.result === undefined) return
    this.#big.delete(reading)
    if (file.result === READ) this.#accept(request, file.stat, file.digests, file.prefix())
    else if (file.result === 'changed' && attempt === 1) this.#again.push(request)
    else this.#refuse(request, file.result)
  }

  #holds(leaves: Uint8Array): boolean {
    for (let at = 0; at < leaves.length; at += 32) {
      if (!this.#pack.knows(leaves.subarray(at, at + 32))) return false
    }
    return true
  }

  #accept(request: R, stat: SourceStat, digests: Uint32Array, prefix?: KnownPrefix): void {
    const { size } = stat
    this.#progress.files++
    if (size <= CHUNK_SIZE && !request.executable) {
      const cid = cidOfDigest(RAW, digestAt(digests, 0))
      this.#ready.push({ request, cid, contentCid: cid, size, tsize: size, stat })
      return
    }
    const { cid, contentCid, tsize, blocks } = buildFile(leavesOf(digests, size), { executable: request.executable })
    for (const block of blocks) this.#pack.add(block)
    this.#ready.push({ request, cid, contentCid, size, tsize, stat, prefix })
  }

  #refuse(request: R, reason: RefusalReason): void {
    this.#progress.files++
    this.#ready.push({ request, error: explainRefusal(reason, request.path) })
  }

  async #checkpointIfDue(): Promise<void> {
    if (this.#pack.bytes < (this.#options.checkpointBytes ?? CHECKPOINT_BYTES)) return
    await this.#crew.pause()
    const pack = await this.#pack.checkpoint()
    if (pack !== undefined) {
      const partial = [...this.#big].map(({ request, file }) => ({ request, prefix: file.prefix() }))
      await this.#options.onCheckpoint?.({ pack, partial })
    }
    this.#crew.resume()
  }
}

function statAt(stats: BigInt64Array, index: number): SourceStat {
  const [size = 0n, mtimeNs = 0n, ctimeNs = 0n, ino = 0n] = stats.subarray(index * 4, index * 4 + 4)
  return { size: Number(size), mtimeNs, ctimeNs, ino }
}

function isSame(a: SourceStat, b: SourceStat): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino
}

function leafCount(size: number): number {
  return Math.max(1, Math.ceil(size / CHUNK_SIZE))
}

function digestAt(digests: Uint32Array, leaf: number): Uint8Array {
  return new Uint8Array(digests.buffer, digests.byteOffset, digests.byteLength).slice(leaf * 32, leaf * 32 + 32)
}

function* leavesOf(digests: Uint32Array, size: number): Generator<Leaf> {
  for (let leaf = 0; leaf < leafCount(size); leaf++) {
    const cid = cidOfDigest(RAW, digestAt(digests, leaf))
    yield { cid, size: Math.min(CHUNK_SIZE, size - leaf * CHUNK_SIZE) }
  }
}
