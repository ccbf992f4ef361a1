import type { Duplex } from 'node:stream'

import type { ByteDuplex } from '../sync/duplex.ts'
import { streamSink } from './stream-sink.ts'

/** A socket as a duplex of bytes; `head` is what of the other side's bytes was read already. */
export function socketDuplex(socket: Duplex, head: Uint8Array = new Uint8Array()): ByteDuplex {
  const sink = streamSink(socket)
  if (head.length > 0) socket.unshift(head)
  return { ...sink, source: socket.iterator({ destroyOnReturn: false }) }
}
