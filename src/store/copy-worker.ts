import { type MessagePort, parentPort } from 'node:worker_threads'

import type { FromCopyWorker, ToCopyWorker } from './copy/copy-messages.ts'
import { createTaskCopier } from './copy/task-copier.ts'

/**
 * Entry of a worker thread: copies blocks from packs into files, one task after the other. It loads next to nothing of the
 * rest of the program, so that it begins at once.
 */
function serve(port: MessagePort): void {
  const send = (message: FromCopyWorker): void => port.postMessage(message)
  const copier = createTaskCopier()
  port.on('message', ({ id, task }: ToCopyWorker) => send({ kind: 'done', id, outcome: copier.copy(task) }))
  send({ kind: 'ready' })
}

if (parentPort !== null) serve(parentPort)
