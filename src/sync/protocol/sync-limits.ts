import { MAX_BLOCK } from '../../model/limits.ts'

/** The libp2p protocol id, and the name in the headers' types. */
export const SYNC_PROTOCOL = '/jzfs/sync/1'

/** Bytes of a request or response header. */
export const MAX_HEADER_BYTES = 524_288

/** CIDs that one request may want. */
export const MAX_WANTS = 64

/** CIDs that one request may name as already there. */
export const MAX_HAVES = 4096

/** Bytes of a CID in a CAR section: version, codec of up to 4 bytes, sha2-256 multihash. */
export const MAX_CID_BYTES = 40

/** Bytes of a CAR section after its length. */
export const MAX_SECTION_BYTES = MAX_CID_BYTES + MAX_BLOCK

/** Bytes of a CARv1 header, its roots among them. */
export const MAX_CAR_HEADER_BYTES = 8192

/**
 * Bytes of the nodes whose links are still being followed, on each side: a walk holds the nodes on the path from the
 * root to where it is. Only a DAG made to use up memory needs more.
 */
export const MAX_OPEN_NODE_BYTES = 67_108_864

/** How long one side waits for the other to send or take anything whole (a header, a section), in milliseconds. */
export const IDLE_TIMEOUT_MS = 60_000
