import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

import type { ServingNode } from '../network/serving-node.ts'
import type { ServedBlocks } from '../offer/served-blocks.ts'
import type { MetricRegistry, Sample } from './metric-registry.ts'

/** What is measured. */
export interface MeasuredNode {
  version: string
  node: Pick<ServingNode, 'connections' | 'streams' | 'traffic'>
  served: Pick<ServedBlocks, 'list'>
}

/** How exactly delays of the event loop are known, in milliseconds: a timer that wakes the process. */
const DELAY_RESOLUTION_MS = 100

const NANOSECONDS = 1e9

/** Adds what a node and its process are at the moment to a registry; returns what ends the measuring. */
export function measureNode(metrics: MetricRegistry, { version, node, served }: MeasuredNode): () => void {
  metrics.read('jzfs_build_info', 'The version that runs.', 'gauge', () => [{ labels: { version }, value: 1 }])
  metrics.read('jzfs_connections', 'Open connections, by direction.', 'gauge', () =>
    (['inbound', 'outbound'] as const).map((direction) => ({
      labels: { direction },
      value: node.connections().filter((connection) => connection.direction === direction).length,
    })),
  )
  metrics.read('jzfs_streams', 'Open streams, by protocol and direction.', 'gauge', () =>
    node.streams().map(({ direction, protocol, count }) => ({ labels: { protocol, direction }, value: count })),
  )
  metrics.read('jzfs_network_bytes_total', 'Bytes of all connections as sockets carried them.', 'counter', () =>
    byDirection(node.traffic.total),
  )
  metrics.read('jzfs_protocol_bytes_total', 'Bytes of streams, by protocol and direction.', 'counter', () =>
    [...node.traffic.byProtocol].flatMap(([protocol, counts]) => byDirection(counts, { protocol })),
  )
  metrics.read('jzfs_published', 'What is published here: heads with a name, and pins.', 'gauge', async () => {
    const { names, pins } = await served.list()
    return [
      { labels: { kind: 'name' }, value: names.length },
      { labels: { kind: 'pin' }, value: pins.length },
    ]
  })
  metrics.read('jzfs_problems', 'What is published and cannot be served.', 'gauge', async () => [
    { value: (await served.list()).problems.length },
  ])
  return measureProcess(metrics)
}

function measureProcess(metrics: MetricRegistry): () => void {
  const startedAt = Date.now() / 1000 - process.uptime()
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  delay.enable()
  const read = (name: string, help: string, type: 'gauge' | 'counter', value: () => number): void =>
    metrics.read(name, help, type, () => [{ value: value() }])
  read('process_start_time_seconds', 'When the process started, in seconds since 1970.', 'gauge', () => startedAt)
  read('process_resident_memory_bytes', 'Memory of the process.', 'gauge', () => process.memoryUsage.rss())
  read('process_cpu_seconds_total', 'Processor time of user and system.', 'counter', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  metrics.read('process_open_fds', 'Open file descriptors.', 'gauge', openFiles)
  metrics.read('jzfs_event_loop_delay_seconds', 'Delay of the event loop since the last scrape.', 'gauge', () => {
    // What is measured is the time between two ticks of its timer.
    const seconds = (nanoseconds: number): number =>
      Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / NANOSECONDS - DELAY_RESOLUTION_MS / 1000) : 0
    const samples = ([50, 99, 100] as const).map((percentile) => ({
      labels: { quantile: String(percentile / 100) },
      value: delay.count === 0 ? 0 : seconds(delay.percentile(percentile)),
    }))
    delay.reset()
    return samples
  })
  return () => void delay.disable()
}

/** Linux tells; elsewhere the metric is left out. */
function openFiles(): Sample[] {
  try {
    return [{ value: readdirSync('/proc/self/fd').length }]
  } catch {
    return []
  }
}

function byDirection(
  { received, sent }: { received: number; sent: number },
  labels: Record<string, string> = {},
): Sample[] {
  return [
    { labels: { ...labels, direction: 'in' }, value: received },
    { labels: { ...labels, direction: 'out' }, value: sent },
  ]
}
