import { JzfsError } from '../../model/errors.ts'
import type { Log } from '../../sync/log.ts'
import { createMetricRegistry, type MetricRegistry } from './metric-registry.ts'

/** What a daemon does for others, as it is logged and counted. */
export interface Activity {
  log: Log
  metrics: MetricRegistry
  /** Exchanges that ended, blocks and bytes that they and Bitswap carried, since the start. */
  totals: Readonly<ServedTotals>
  /**
   * Runs one exchange with a peer and notes how it ended. It never throws: a peer that hangs up or breaks the protocol is
   * its own business.
   */
  exchange(peer: string, carrier: Carrier, run: () => Promise<Exchanged>): Promise<void>
  /** Notes a stream that was carried between a peer and a program of this machine, which verifies what came. */
  carriedStream(peer: string, bytes: { received: number; sent: number }, ms: number): void
  /** Notes a block that Bitswap gave away. */
  gaveBlock(bytes: Uint8Array): void
  /** Notes an inbound connection that was turned away. */
  refusedConnection(reason: 'host' | 'peer', who: string): void
  /** Notes what goes wrong here. */
  problem(error: JzfsError): void
}

/** What carries an exchange. */
export type Carrier = 'libp2p' | 'http'

/** How an exchange ended: what was served, or why nothing was. */
export interface Exchanged {
  /** What was asked for: `sync`, `refs`, `push`; undefined where that is nothing. */
  kind?: string | undefined
  /** The code of a refusal. */
  refused?: string | undefined
  wants?: readonly { toString(): string }[] | undefined
  blocks?: number | undefined
  bytes?: number | undefined
}

/** What was served since the start. */
export interface ServedTotals {
  served: number
  refused: number
  failed: number
  blocks: number
  bytes: number
}

/** Seconds. From a question about nothing new to a clone of many GiB. */
const DURATION_BOUNDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600, 3600]

/** Wants that an entry of the log names. */
const MAX_LOGGED_WANTS = 4

/** Codes of refusals and failures come from ourselves, so they are few; others stand together. */
const UNEXPECTED = 'unexpected'

/** An activity of which nothing is noted yet. */
export function createActivity(log: Log): Activity {
  const metrics = createMetricRegistry()
  const exchanges = metrics.counter('jzfs_exchanges_total', 'Exchanges with peers that ended, by carrier and outcome.')
  const refusals = metrics.counter('jzfs_refusals_total', 'Exchanges that were refused or failed, by error code.')
  const durations = metrics.histogram('jzfs_exchange_duration_seconds', 'How long exchanges took.', DURATION_BOUNDS)
  const blocks = metrics.counter('jzfs_blocks_served_total', 'Blocks given to peers, by protocol.')
  const bytes = metrics.counter('jzfs_served_bytes_total', 'Bytes of the blocks given to peers, by protocol.')
  const received = metrics.counter('jzfs_blocks_received_total', 'Blocks that pushes brought.')
  const carried = metrics.counter('jzfs_carried_streams_total', 'Streams carried for programs of this machine.')
  const connections = metrics.counter('jzfs_connections_refused_total', 'Inbound connections turned away, by limit.')
  const totals: ServedTotals = { served: 0, refused: 0, failed: 0, blocks: 0, bytes: 0 }

  const note = (
    carrier: Carrier,
    kind: string,
    outcome: 'served' | 'refused' | 'failed',
    startedAt: number,
  ): number => {
    const ms = performance.now() - startedAt
    totals[outcome]++
    exchanges.add(1, { carrier, kind, outcome })
    durations.observe(ms / 1000, { outcome })
    return rounded(ms)
  }
  const give = (protocol: string, count: number, size: number): void => {
    totals.blocks += count
    totals.bytes += size
    blocks.add(count, { protocol })
    bytes.add(size, { protocol })
  }
  return {
    log,
    metrics,
    totals,
    async exchange(peer, carrier, run) {
      const startedAt = performance.now()
      try {
        const { kind = 'nothing', refused: code, wants = [], blocks: count = 0, bytes: size = 0 } = await run()
        const ms = note(carrier, kind, code === undefined ? 'served' : 'refused', startedAt)
        const asked = { peer, carrier, kind, wants: wants.slice(0, MAX_LOGGED_WANTS).map(String), ms }
        if (code === undefined) {
          if (kind === 'push') received.add(count)
          else give('sync', count, size)
          log.info({ ...asked, blocks: count, bytes: size }, 'exchange served')
        } else {
          refusals.add(1, { code })
          log.warn({ ...asked, code }, 'exchange refused')
        }
      } catch (error) {
        const ms = note(carrier, 'unknown', 'failed', startedAt)
        const code = error instanceof JzfsError ? error.code : UNEXPECTED
        refusals.add(1, { code })
        log.warn({ peer, carrier, ms, code, message: messageOf(error) }, 'exchange failed')
      }
    },
    carriedStream(peer, { received: bytesReceived, sent: bytesSent }, ms) {
      carried.add(1)
      log.info({ peer, ms: rounded(ms), bytesReceived, bytesSent }, 'stream carried')
    },
    gaveBlock: (block) => give('bitswap', 1, block.length),
    refusedConnection(reason, who) {
      connections.add(1, { limit: reason })
      log.warn({ peer: who, limit: reason }, 'connection refused')
    },
    problem({ code, message }) {
      log.error({ code, message }, 'problem')
    },
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
