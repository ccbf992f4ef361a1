import { Worker } from 'node:worker_threads'

import { UnavailableError } from '../model/errors.ts'
import { explainFsError } from './fs-errors.ts'
import type { FromWorker, Task, TaskOutcome, ToWorker } from './ingest-messages.ts'
import { createIngestReader } from './ingest-reader.ts'
import type { PackWriter } from './pack-writer.ts'
import { workerUrl } from './worker-url.ts'

/** Tasks that a thread has at once: while one is being written or on its way back, it reads the next. */
const TASKS_PER_WORKER = 3

/** Those who perform tasks for one ingest. */
export interface IngestCrew {
  /** How many tasks may be under way at once. */
  readonly capacity: number
  /**
   * Resolves when everything that the task read is written. Rejects when the pack cannot be written or a thread died;
   * then all other tasks are rejected, too, and the pack has failed.
   */
  perform(task: Task): Promise<TaskOutcome>
  /** Resolves when no write is under way, and none begins until `resume`. */
  pause(): Promise<void>
  resume(): void
  /** Ends the threads; resolves when none of them touches the pack's file any more. */
  stop(): Promise<void>
}

/** For a few files: everything in the calling thread. Starting threads takes longer than reading a thousand files. */
export function createLocalCrew(pack: PackWriter): IngestCrew {
  const reader = createIngestReader(pack)
  return {
    capacity: 1,
    async perform(task) {
      try {
        const { outcome, written } = await reader.perform(task)
        await written
        return outcome
      } catch (error) {
        const failure = explainFsError(error, pack.path)
        pack.fail(failure)
        throw failure
      }
    },
    pause: () => Promise.resolve(),
    resume() {},
    stop: () => Promise.resolve(),
  }
}

/** Starts `workers` threads. */
export function createWorkerCrew(pack: PackWriter, workers: number): IngestCrew {
  return new WorkerCrew(pack, workers)
}

/** One thread, and what it has to do. */
interface Hand {
  worker: Worker
  tasks: number
}

interface Pending {
  hand: Hand
  resolve: (outcome: TaskOutcome) => void
  reject: (error: unknown) => void
}

type Offer = FromWorker & { kind: 'offer' }

class WorkerCrew implements IngestCrew {
  readonly capacity: number
  readonly #pack: PackWriter
  readonly #hands: Hand[]
  readonly #pending = new Map<number, Pending>()
  #nextId = 0
  /** Answers given whose sections are not yet written. */
  #unwritten = 0
  #whenWritten: (() => void) | undefined
  #isPaused = false
  readonly #held: { hand: Hand; offer: Offer }[] = []
  #failure: { error: unknown } | undefined
  #isStopped = false

  constructor(pack: PackWriter, workers: number) {
    this.#pack = pack
    this.capacity = workers * TASKS_PER_WORKER
    this.#hands = Array.from({ length: workers }, () => this.#hire())
  }

  perform(task: Task): Promise<TaskOutcome> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    const hand = this.#hands.reduce((least, hand) => (hand.tasks < least.tasks ? hand : least))
    const id = this.#nextId++
    hand.tasks++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { hand, resolve, reject })
      post(hand, { kind: 'task', id, task })
    })
  }

  async pause(): Promise<void> {
    this.#isPaused = true
    if (this.#unwritten === 0 || this.#failure !== undefined) return
    await new Promise<void>((resolve) => {
      this.#whenWritten = resolve
    })
  }

  resume(): void {
    this.#isPaused = false
    for (const { hand, offer } of this.#held.splice(0)) this.#answer(hand, offer)
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    await this.pause()
    this.#isStopped = true
    await Promise.all(this.#hands.map(({ worker }) => worker.terminate()))
    if (this.#unwritten > 0) this.#pack.fail(new Error('threads ended before they had written their sections'))
  }

  #hire(): Hand {
    // What a thread keeps is in buffers outside of its heap; a small nursery keeps garbage from growing the process.
    const worker = new Worker(workerUrl('ingest-worker'), { resourceLimits: { maxYoungGenerationSizeMb: 8 } })
    const hand = { worker, tasks: 0 }
    worker.on('message', (message: FromWorker) => this.#receive(hand, message))
    worker.on('error', (error) => this.#crashed(error))
    worker.on('exit', () => this.#crashed(new Error('a worker thread ended by itself')))
    return hand
  }

  #receive(hand: Hand, message: FromWorker): void {
    switch (message.kind) {
      case 'offer':
        if (this.#isPaused) this.#held.push({ hand, offer: message })
        else this.#answer(hand, message)
        break
      case 'placed':
        this.#pack.placed(message.bytes)
        this.#unwritten--
        if (this.#unwritten === 0) this.#whenWritten?.()
        break
      case 'done':
        hand.tasks--
        this.#pending.get(message.id)?.resolve(message.outcome)
        this.#pending.delete(message.id)
        break
      case 'failed':
        this.#failed(message.errno === undefined ? crash(message.message) : errnoError(message.errno, message.message))
        break
    }
  }

  #answer(hand: Hand, { digests, sizes }: Offer): void {
    try {
      const placement = this.#pack.place(digests, sizes, sizes.length)
      if (placement.fd !== -1) this.#unwritten++
      post(hand, { kind: 'placement', placement })
    } catch (error) {
      this.#failed(error)
    }
  }

  #crashed(cause: unknown): void {
    if (!this.#isStopped) this.#failed(crash(cause))
  }

  #failed(cause: unknown): void {
    const error = explainFsError(cause, this.#pack.path)
    this.#failure ??= { error }
    this.#pack.fail(error)
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
    this.#whenWritten?.()
  }
}

function post(hand: Hand, message: ToWorker): void {
  hand.worker.postMessage(message, [])
}

function errnoError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, syscall: 'write' })
}

function crash(cause: unknown): UnavailableError {
  return new UnavailableError('worker-crashed', 'a thread that reads files ended unexpectedly', {
    hint: 'run the command again, with fewer workers where memory is short',
    cause,
  })
}
