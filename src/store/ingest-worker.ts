import { type MessagePort, parentPort } from 'node:worker_threads'

import { fsErrorCode } from './fs-errors.ts'
import type { FromWorker, Task, ToWorker } from './ingest/ingest-messages.ts'
import { createIngestReader, type IngestReader } from './ingest/ingest-reader.ts'
import type { Placement } from './pack/pack-writer.ts'

/**
 * Entry of a worker thread: reads the files of one task after the other, and asks the main thread, which knows the
 * pack, where their sections go. Only digests and answers cross threads; the bytes are written from here.
 */
function serve(port: MessagePort): void {
  const send = (message: FromWorker): void => port.postMessage(message)
  const unanswered: ((placement: Placement) => void)[] = []
  const reader = createIngestReader({
    place(digests, sizes, count) {
      send({ kind: 'offer', digests: digests.slice(0, count * 8), sizes: sizes.slice(0, count) })
      return new Promise((resolve) => {
        unanswered.push(resolve)
      })
    },
    placed: (bytes) => send({ kind: 'placed', bytes }),
  })
  let previous: Promise<void> = Promise.resolve()
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'placement') unanswered.shift()?.(message.placement)
    else previous = performAfter(previous, reader, message.id, message.task, send)
  })
}

/** Fulfilled when the next task may begin: a task is read, but perhaps not yet written. */
async function performAfter(
  previous: Promise<void>,
  reader: IngestReader,
  id: number,
  task: Task,
  send: (message: FromWorker) => void,
): Promise<void> {
  await previous
  try {
    const { outcome, written } = await reader.perform(task)
    void sendWhenWritten(written, { kind: 'done', id, outcome }, send)
  } catch (error) {
    send(failure(error))
  }
}

async function sendWhenWritten(
  written: Promise<void>,
  message: FromWorker,
  send: (message: FromWorker) => void,
): Promise<void> {
  try {
    await written
    send(message)
  } catch (error) {
    send(failure(error))
  }
}

/** Errors lose their codes on the way between threads. */
function failure(error: unknown): FromWorker {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { kind: 'failed', message, errno: fsErrorCode(error) }
}

if (parentPort !== null) serve(parentPort)
