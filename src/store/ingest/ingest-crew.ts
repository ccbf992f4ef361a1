import { setImmediate } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'

import { UnavailableError } from '../../model/errors.ts'
import { explainFsError } from '../fs-errors.ts'
import type { PackWriter } from '../pack/pack-writer.ts'
import { workerUrl } from '../worker-url.ts'
import type { FromWorker, Task, TaskOutcome, ToWorker } from './ingest-messages.ts'
import { createIngestReader, type IngestReader } from './ingest-reader.ts'

/** Tasks that a thread has at once: while one is on its way to the disk and back, it reads the next. */
const TASKS_PER_WORKER = 2

/** Those who perform the tasks of one ingest: the calling thread, and worker threads. */
export interface IngestCrew {
  /** How many more tasks the worker threads take now. */
  readonly vacancies: number
  /** Starts worker threads, unless that was done. */
  hire(workers: number): void
  /**
   * Has a worker thread perform a task. Resolves when everything that it read is written. Rejects when the pack cannot
   * be written or a thread died; then all other tasks are rejected, too, and the pack has failed.
   */
  perform(task: Task): Promise<TaskOutcome>
  /** Performs a task in the calling thread, serving the others every few milliseconds. One at a time. */
  performHere(task: Task): Promise<TaskOutcome>
  /** Resolves when no thread is writing, and none begins until `resume`. Not while `performHere` is under way. */
  pause(): Promise<void>
  resume(): void
  /** Ends the threads; resolves when none of them touches the pack's file any more. */
  stop(): Promise<void>
}

/** Makes a crew of the calling thread alone. */
export function createIngestCrew(pack: PackWriter): IngestCrew {
  return new Crew(pack)
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

class Crew implements IngestCrew {
  readonly #pack: PackWriter
  readonly #hands: Hand[] = []
  readonly #reader: IngestReader
  readonly #pending = new Map<number, Pending>()
  #nextId = 0
  /** Answers given whose sections are not yet written. */
  #unwritten = 0
  #whenWritten: (() => void) | undefined
  #isPaused = false
  readonly #held: { hand: Hand; offer: Offer }[] = []
  #failure: { error: unknown } | undefined
  #isStopped = false

  constructor(pack: PackWriter) {
    this.#pack = pack
    this.#reader = createIngestReader({
      async place(digests, sizes, count) {
        await setImmediate()
        return pack.place(digests, sizes, count)
      },
      placed: (bytes) => pack.placed(bytes),
    })
  }

  get vacancies(): number {
    return this.#hands.reduce((sum, { tasks }) => sum + TASKS_PER_WORKER - tasks, 0)
  }

  hire(workers: number): void {
    while (this.#hands.length < workers) this.#hands.push(this.#start())
  }

  async performHere(task: Task): Promise<TaskOutcome> {
    try {
      const { outcome, written } = await this.#reader.perform(task)
      await written
      return outcome
    } catch (error) {
      throw this.#failed(error)
    }
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

  #start(): Hand {
    // What a thread keeps is in buffers outside of its heap; a small nursery keeps garbage from growing the process.
    // Most commands hire nobody, and need not wait until Node has loaded this.
    const threads = process.getBuiltinModule('node:worker_threads')
    const worker = new threads.Worker(workerUrl('store/ingest-worker'), {
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
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

  #failed(cause: unknown): unknown {
    const error = explainFsError(cause, this.#pack.path)
    this.#failure ??= { error }
    this.#pack.fail(error)
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
    this.#whenWritten?.()
    return error
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
