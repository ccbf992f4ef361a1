/**
 * Every limit of the model. What is over a limit is refused when it is read, never cut short; `README.md` beside this
 * file says which of them are part of the format.
 */

/** Bytes of a file in one leaf: the fixed chunker of profile `unixfs-v1-2025`. */
export const CHUNK_SIZE = 1_048_576

/** Links of one inner node of a file (profile `unixfs-v1-2025`). */
export const MAX_LINKS = 1024

/** A directory is sharded when its plain dag-pb block would be larger than this many bytes (strictly). */
export const SHARD_THRESHOLD = 262_144

/** Slots of one shard of a directory (profile `unixfs-v1-2025`). */
export const HAMT_FANOUT = 256

/** Bytes of one block of any kind: what Bitswap carries and Kubo accepts. */
export const MAX_BLOCK = 2_097_152

/** Bytes of one name in a directory. File systems stop at 255 bytes (Linux) or at 255 characters (macOS: up to 765 bytes). */
export const MAX_NAME_BYTES = 1024

/** Bytes of the target of a symlink, without its final NUL (PATH_MAX of Linux and macOS is at most 4096 with it). */
export const MAX_TARGET_BYTES = 4095

/** Directories inside each other. */
export const MAX_PATH_DEPTH = 512

/** Bytes of a whole path, slashes included. */
export const MAX_PATH_BYTES = 65_536

/** Inner nodes of a file above each other. Balanced files of 1024 links need 6 for 2^53 bytes, trickle files some more. */
export const MAX_FILE_DEPTH = 64

/** Entries (directories included) that one walk through a tree passes before it is taken for one that unfolds without end. */
export const MAX_TREE_ENTRIES = 100_000_000

/** Bytes of one DAG-JSON node (commit, tag, manifest). */
export const MAX_COMMIT_BYTES = 1_048_576

/** Parents of one commit. */
export const MAX_PARENTS = 256

/** Bytes of the name, and of the email, of a person. */
export const MAX_PERSON_BYTES = 1024

/** Characters of the text of a signer's key. */
export const MAX_SIGNER_LENGTH = 128

/** Bytes of a signature. */
export const MAX_SIGNATURE_BYTES = 1024

/** Bytes of the description of a repository. */
export const MAX_DESCRIPTION_BYTES = 65_536

/** Characters of a CID's text: more than any CID of the model has. */
export const MAX_CID_LENGTH = 128

/** Bytes of a full ref name (`refs/heads/…`). */
export const MAX_REF_NAME_BYTES = 1024
