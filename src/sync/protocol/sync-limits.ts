import { MAX_BLOCK } from '../../model/limits.ts'

/** The libp2p protocol id, and the name in the headers' types. */
export const SYNC_PROTOCOL = '/jzfs/sync/1'

/** Bytes of a request's header: the longest are pushes of many refs. */
export const MAX_REQUEST_BYTES = 2_097_152

/** Bytes of a response's header, where nothing else is said. */
export const MAX_HEADER_BYTES = 524_288

/** Bytes of a manifest, and of a response that brings one with the heads beside it. */
export const MAX_MANIFEST_BYTES = 1_048_576
export const MAX_REFS_BYTES = 4_194_304

/** Bytes of a marshalled IPNS record (the limit of the IPNS specification). */
export const MAX_RECORD_BYTES = 10_240

/** Bytes of a signature by which a repository says what its branch is called: those of an RSA key of 4096 bits. */
export const MAX_STATEMENT_BYTES = 512

/** Names whose records one request may ask for, and bytes of the answer. */
export const MAX_ASKED_NAMES = 256
export const MAX_RECORDS_BYTES = 4_194_304

/** Heads that a response may have beside the manifest. */
export const MAX_OFFERED_HEADS = 1024

/** Characters of a repository's name, of an IPNS name, and of what is read of a refusal's text. */
export const MAX_REPOSITORY_NAME = 256
export const MAX_IPNS_NAME = 128
export const MAX_REFUSAL_TEXT = 1024

/** Refs that one push may move. */
export const MAX_UPDATES = 4096

/** CIDs that one request may want. */
export const MAX_WANTS = 4096

/** CIDs that one request may name as already there, or ask about. */
export const MAX_HAVES = 4096

/** Bytes of a CID in a CAR section: version, codec of up to 4 bytes, sha2-256 multihash. */
export const MAX_CID_BYTES = 40

/** Bytes of a CAR section after its length. */
export const MAX_SECTION_BYTES = MAX_CID_BYTES + MAX_BLOCK

/**
 * Bytes of the nodes whose links are still being followed, on each side: a walk holds the nodes on the path from the
 * root to where it is. Only a DAG made to use up memory needs more.
 */
export const MAX_OPEN_NODE_BYTES = 67_108_864

/** How long one side waits for the other to send or take anything whole (a header, a section), in milliseconds. */
export const IDLE_TIMEOUT_MS = 60_000
