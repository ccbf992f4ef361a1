/** What one peer, one host, and all of them together may take of a node. */
export interface PeerLimits {
  /** Connections in all; beyond, newcomers are turned away. */
  maxConnections: number
  /** Inbound connections from one host (an IP address), secured or not. */
  maxConnectionsPerHost: number
  /** Connections to one peer, which is proven by its key. */
  maxConnectionsPerPeer: number
  /** Streams of `/jzfs/sync/1` that are served at a time, in all. */
  maxSyncStreams: number
  /** Of these, to one host (an IP address), whatever carries them and however many peers it is: keys cost nothing. */
  maxSyncStreamsPerHost: number
  /** Of these, to one peer, over all its connections. */
  maxSyncStreamsPerPeer: number
  /** Bytes per second that sync streams carry, each way, in all (0: as many as there are). */
  maxBytesPerSecond: number
  /** Of these, with one peer (0: no share of its own). */
  maxBytesPerSecondPerPeer: number
  /** How long a peer may send or take nothing whole before it is given up, in milliseconds. */
  idleTimeoutMs: number
  /** How long one exchange may take, in milliseconds. */
  maxExchangeMs: number
  /** Bytes of blocks that one push may bring, with what is kept of an interrupted one. */
  maxPushBytes: number
}

/** The limits of a node that is told of no others. */
export const DEFAULT_PEER_LIMITS: PeerLimits = {
  maxConnections: 256,
  maxConnectionsPerHost: 128,
  maxConnectionsPerPeer: 32,
  maxSyncStreams: 256,
  maxSyncStreamsPerHost: 128,
  maxSyncStreamsPerPeer: 64,
  maxBytesPerSecond: 0,
  maxBytesPerSecondPerPeer: 0,
  idleTimeoutMs: 60_000,
  maxExchangeMs: 86_400_000,
  maxPushBytes: 107_374_182_400,
}
