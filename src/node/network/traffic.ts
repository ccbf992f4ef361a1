import type { Metrics, MultiaddrConnection, Stream } from '@libp2p/interface'

/** What went through a node's connections since it started, in bytes. */
export interface Traffic {
  /** Of all connections, as the sockets carried it: encryption and framing included. */
  total: ByteCounts
  /** Of the streams of each protocol that the node speaks; what else was negotiated is `other`. */
  byProtocol: ReadonlyMap<string, ByteCounts>
  /** What libp2p is given to be measured by. */
  metrics: () => Metrics
}

/** Bytes in each direction. */
export interface ByteCounts {
  received: number
  sent: number
}

/** Protocols that are told apart; the names of more come from others. */
const MAX_PROTOCOLS = 32

/** Counts the bytes of a libp2p node. */
export function countTraffic(): Traffic {
  const total: ByteCounts = { received: 0, sent: 0 }
  const byProtocol = new Map<string, ByteCounts>()
  const countsOf = (protocol: string): ByteCounts => {
    const name = byProtocol.has(protocol) || byProtocol.size < MAX_PROTOCOLS ? protocol : 'other'
    const counts = byProtocol.get(name) ?? { received: 0, sent: 0 }
    byProtocol.set(name, counts)
    return counts
  }
  const metrics: Metrics = {
    trackMultiaddrConnection: (connection) => count(connection, total),
    trackProtocolStream: (stream) => count(stream, countsOf(stream.protocol)),
    registerMetric: () => IGNORED,
    registerMetricGroup: () => IGNORED,
    registerCounter: () => IGNORED,
    registerCounterGroup: () => IGNORED,
    registerHistogram: () => IGNORED,
    registerHistogramGroup: () => IGNORED,
    registerSummary: () => IGNORED,
    registerSummaryGroup: () => IGNORED,
    traceFunction: ((_name: string, traced: unknown) => traced) as Metrics['traceFunction'],
    createTrace: () => undefined,
  }
  return { total, byProtocol, metrics: () => metrics }
}

/**
 * Counts what a stream sends and is given. Not by a listener for messages: the first one would be given what came early,
 * and the stream's own reader, who comes after it, would miss that.
 */
function count(stream: MultiaddrConnection | Stream, counts: ByteCounts): void {
  const send = stream.send.bind(stream)
  stream.send = (bytes) => {
    counts.sent += bytes.byteLength
    return send(bytes)
  }
  const receiving = stream as { onData?: (bytes: { byteLength: number }) => void }
  const onData = receiving.onData?.bind(stream)
  if (onData === undefined) return
  receiving.onData = (bytes) => {
    counts.received += bytes.byteLength
    onData(bytes)
  }
}

const ignore = (): undefined => undefined
const IGNORED = {
  update: ignore,
  increment: ignore,
  decrement: ignore,
  reset: ignore,
  observe: ignore,
  timer: () => ignore,
}
