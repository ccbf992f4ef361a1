import type { IncomingMessage } from 'node:http'

/** To whom the HTTP listener tells metrics: who asks from this machine, whoever reaches it, or nobody. */
export type MetricsAccess = 'loopback' | 'all' | 'off'

/**
 * Whether who sends a request may have metrics. A proxy asks from this machine for others: where a header says so, or the URL
 * is of another host, it is not this machine that asks.
 */
export function mayHaveMetrics(access: MetricsAccess, { headers, socket }: Asking): boolean {
  if (access !== 'loopback') return access === 'all'
  const isForwarded = Object.keys(headers).some((name) => name.startsWith('x-forwarded-') || FORWARDING.has(name))
  return !isForwarded && LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '') && LOOPBACK_HOST.test(headers.host ?? '')
}

/** What is looked at of a request. */
type Asking = Pick<IncomingMessage, 'headers'> & { socket: Pick<IncomingMessage['socket'], 'remoteAddress'> }

const FORWARDING = new Set(['forwarded', 'via', 'x-real-ip'])
const LOOPBACK_ADDRESS = /^(?:::1|(?:::ffff:)?127\.\d+\.\d+\.\d+)$/
const LOOPBACK_HOST = /^(?:localhost|\[::1\]|127\.\d+\.\d+\.\d+)(?::\d+)?$/i
