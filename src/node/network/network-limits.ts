/**
 * New inbound connections per second from one host. libp2p's own limit is 5: on loopback everybody is one host, and half
 * of ten diallers would be turned away.
 */
export const INBOUND_CONNECTIONS_PER_SECOND = 256

/** Inbound connections that are still being secured; libp2p's own limit is 10. */
export const MAX_PENDING_CONNECTIONS = 64

/** Streams that one connection may hold open with us, of all protocols. */
export const MAX_STREAMS_PER_CONNECTION = 256

/**
 * Streams of pings that one connection may hold open, in either direction. libp2p's own limits are 1 and 2: one that is done
 * counts until both ends have noticed, and a ping right after it, or after the dial that pings too, would be refused.
 */
export const MAX_PING_STREAMS = 16

/** Streams of `/jzfs/sync/1` that one connection may hold open with us. */
export const MAX_SYNC_STREAMS = 16

/** Streams of Bitswap that one connection may hold open with us. */
export const MAX_BITSWAP_STREAMS = 128

/**
 * Bytes that may be on their way in one stream. It grows up to this from yamux's 256 KiB; both ends must start from
 * those, because nothing tells the other side of another start: Kubo breaks the connection when more arrives. Wider
 * windows made loopback no faster, and a receiver 30 MB larger.
 */
export const STREAM_WINDOW_BYTES = 2_097_152

/**
 * Bytes given to a stream at a time. Each layer below copies them whole: serving 1 MiB blocks in one piece took 30 to 70 MB
 * more memory, and was not faster.
 */
export const SEND_BYTES = 262_144

/** Bytes received and not yet read before we stop making room for more. */
export const READ_AHEAD_BYTES = 1_048_576

/**
 * Bytes that may wait unread inside libp2p, which breaks the stream beyond: a full window can arrive after we stopped
 * reading.
 */
export const MAX_READ_BUFFER_BYTES = 2 * STREAM_WINDOW_BYTES

/** Blocks that one peer may want of us at a time over Bitswap. Helia loads all of them before it sends the first. */
export const MAX_WANTS_PER_PEER = 256

/** How long one try to connect may take, in milliseconds. */
export const DIAL_TIMEOUT_MS = 10_000

/** How often to try to connect, and the pause after the first try in milliseconds; each later one is twice as long. */
export const DIAL_TRIES = 5
export const FIRST_DIAL_PAUSE_MS = 100

/** How long a question to a peer (ping, a record) may take, in milliseconds. */
export const ANSWER_TIMEOUT_MS = 10_000
