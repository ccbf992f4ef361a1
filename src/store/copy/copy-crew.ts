import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'

import { workerUrl } from '../worker-url.ts'
import type { CopyOutcome, CopyTask, FromCopyWorker, ToCopyWorker } from './copy-messages.ts'

/** Tasks that a thread has at once: when it has done one, the next is there. */
const TASKS_PER_WORKER = 2

/** The disk and the memory are busy with so many. */
const MOST_WORKERS = 4

/** Worker threads that copy blocks from packs into files. */
export interface CopyCrew {
  /** Starts the threads, unless that was done. */
  hire(): void
  /** How many tasks can be under way at once: 0 until a thread is there, and where all have ended. */
  readonly capacity: number
  /** Has a thread perform a task; where it ends before, the whole task is left. Only where there is a capacity. */
  perform(task: CopyTask): Promise<CopyOutcome>
  /** Ends the threads; resolves when none of them touches a file any more. */
  stop(): Promise<void>
}

/** Makes a crew in which nobody is hired. */
export function createCopyCrew(): CopyCrew {
  return new Crew()
}

/** One thread, and what it has to do. */
interface Hand {
  worker: Worker
  isReady: boolean
  tasks: Map<number, { task: CopyTask; resolve: (outcome: CopyOutcome) => void }>
}

class Crew implements CopyCrew {
  #hands: Hand[] | undefined
  #nextId = 0

  get capacity(): number {
    return this.#ready().length * TASKS_PER_WORKER
  }

  hire(): void {
    this.#hands ??= Array.from({ length: Math.min(MOST_WORKERS, availableParallelism()) }, () => this.#start())
  }

  perform(task: CopyTask): Promise<CopyOutcome> {
    const hand = this.#ready().reduce((least, each) => (each.tasks.size < least.tasks.size ? each : least))
    const id = this.#nextId++
    return new Promise((resolve) => {
      hand.tasks.set(id, { task, resolve })
      hand.worker.postMessage({ id, task } satisfies ToCopyWorker, [])
    })
  }

  async stop(): Promise<void> {
    await Promise.all(this.#hands?.map(({ worker }) => worker.terminate()) ?? [])
  }

  #ready(): Hand[] {
    return this.#hands?.filter(({ isReady }) => isReady) ?? []
  }

  #start(): Hand {
    // Most commands hire nobody, and need not wait until Node has loaded this.
    const threads = process.getBuiltinModule('node:worker_threads')
    const worker = new threads.Worker(workerUrl('store/copy-worker'), {
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
    const hand: Hand = { worker, isReady: false, tasks: new Map() }
    worker.on('message', (message: FromCopyWorker) => {
      if (message.kind === 'ready') hand.isReady = true
      else settle(hand, message.id, message.outcome)
    })
    // Nobody needs what it does: what it leaves is written without it.
    worker.on('error', () => {})
    worker.on('exit', () => {
      hand.isReady = false
      for (const [id, { task }] of hand.tasks) settle(hand, id, { left: [...task.sizes.keys()] })
    })
    return hand
  }
}

function settle(hand: Hand, id: number, outcome: CopyOutcome): void {
  hand.tasks.get(id)?.resolve(outcome)
  hand.tasks.delete(id)
}
