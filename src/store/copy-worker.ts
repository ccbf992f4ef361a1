import { type MessagePort, parentPort } from 'node:worker_threads'

import { MAX_BLOCK } from '../model/limits.ts'
import type { FromCopyWorker, ToCopyWorker } from './copy/copy-messages.ts'
import { createSectionCopier } from './copy/section-copier.ts'

/** Entry of a worker thread: copies blocks from packs into files, one task after the other. */
function serve(port: MessagePort): void {
  const send = (message: FromCopyWorker): void => port.postMessage(message)
  const copier = createSectionCopier(MAX_BLOCK)
  port.on('message', ({ id, task }: ToCopyWorker) => send({ kind: 'done', id, outcome: copier.copy(task) }))
  send({ kind: 'ready' })
}

if (parentPort !== null) serve(parentPort)
