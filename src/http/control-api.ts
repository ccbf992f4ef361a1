import type { ServedTotals } from '../node/metrics/activity.ts'
import type { PeerConnection } from '../node/network/serving-node.ts'

/**
 * The control API of the daemon: HTTP and JSON over a Unix socket, whose permissions are its access control.
 *
 * A request's body is one JSON object; an answer is one JSON object, or JSON lines where it comes bit by bit. A failure is
 * `{ "error": { family, code, message, hint, details } }` with the status of its family; in JSON lines it may be the last
 * line. A stream of `/jzfs/sync/1` is an HTTP upgrade: after `101` the socket carries the stream's bytes.
 */
export const CONTROL_PATHS = {
  status: '/v1/status',
  stop: '/v1/stop',
  peers: '/v1/peers',
  connect: '/v1/peers/connect',
  ping: '/v1/peers/ping',
  resolve: '/v1/peers/resolve',
  sync: '/v1/peers/sync',
} as const

/** The token of the upgrade. */
export const SYNC_UPGRADE = 'jzfs-sync/1'

/** The header that names the peer of an upgrade: an address or the id of a connected peer. */
export const PEER_HEADER = 'jzfs-peer'

/** What the daemon says of itself. */
export interface DaemonStatus {
  pid: number
  version: string
  /** ISO 8601. */
  startedAt: string
  uptimeSeconds: number
  /** The home's folder. */
  home: string
  /** The log file. */
  log: string
  profile: string
  peerId: string
  addresses: string[]
  /** Where it listens for HTTP, if it does. */
  http?: string | undefined
  connections: number
  /** Streams that are open, of all protocols. */
  streams: number
  /** Bytes of all connections since the start, as the sockets carried them. */
  bytes: { received: number; sent: number }
  /** What was served since the start: exchanges by outcome; blocks, and their bytes. */
  served: ServedTotals
  /** Memory of the process. */
  memoryBytes: number
  /** IPNS names that are served. */
  names: string[]
  /**
   * What is published and cannot be served, and why: a repository that was moved, a damaged file. And pins that cannot be
   * brought up to date.
   */
  problems: { name: string; code: string; message: string }[]
}

/** What is asked of `peers/resolve`: of one peer, or of all that are connected. */
export interface ResolveRequest {
  name: string
  /** Its address, the id of a connected one, or `dht`. */
  peer?: string | undefined
}

/** One line of the answer of `peers/resolve`: what one peer has, in base64. */
export interface ResolvedRecord {
  peer: string
  record: string
}

/** What is asked of `peers/ping`. */
export interface PingRequest {
  peer: string
  /** How many times (1 to 1000). */
  count: number
}

/** One line of the answer of `peers/ping`. */
export interface Pong {
  ms: number
}

/** The answer of `peers`. */
export interface PeerList {
  peers: PeerConnection[]
}
