import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { JzfsError } from '../../model/errors.ts'
import type { WrittenPack } from '../pack/pack-writer.ts'
import type { KnownPrefix } from './ingest-big-file.ts'
import type { SourceStat } from './ingest-messages.ts'

/** A file to be read into a pack. */
export interface IngestRequest {
  /** Absolute path. */
  path: string
  /** Bytes, as far as the caller knows: what is read does not depend on it, only how the work is shared out. */
  size: number
  /** Whether it is to be stored as an executable: the caller's decision, from its mode. */
  executable: boolean
  /** What an earlier, interrupted ingest stored of it: used if the file is still the same and the blocks are there. */
  prefix?: KnownPrefix | undefined
}

/** What became of a request: a file whose blocks are all in the pack or were known, or the reason why not. */
export type IngestResult<R extends IngestRequest = IngestRequest> = IngestedFile<R> | RefusedFile<R>

/** A file that was taken in. */
export interface IngestedFile<R extends IngestRequest = IngestRequest> {
  request: R
  cid: CID
  /** The CID of the same bytes as a plain file. */
  contentCid: CID
  /** Bytes of the file. */
  size: number
  /** Bytes of its DAG, as a directory's link declares them. */
  tsize: number
  /** From the open descriptor before reading; it was the same after. */
  stat: SourceStat
  /** Of a file that was read in ranges: what to give as `prefix` if it is asked for again. */
  prefix?: KnownPrefix | undefined
  error?: undefined
}

/** A file that was not taken in. */
interface RefusedFile<R extends IngestRequest = IngestRequest> {
  request: R
  /** `not-a-regular-file`, `file-changed`, `file-vanished` or `file-unreadable`. */
  error: JzfsError
}

/** How far an ingest is. */
export interface IngestProgress {
  /** Files that are settled, taken in or not. */
  files: number
  /** Bytes that were read and stored. */
  bytes: number
}

/** A part of the work that will not be lost. */
export interface IngestCheckpoint<R extends IngestRequest = IngestRequest> {
  /** The pack that was finished: it holds the blocks of all results so far. */
  pack: WrittenPack
  /** Files that are only partly stored: what to give as `prefix` when they are asked for again. */
  partial: { request: R; prefix: KnownPrefix }[]
}

export interface IngestOptions<R extends IngestRequest = IngestRequest> extends AbortOptions {
  /** Worker threads that read beside the calling one, if there is much to read: by default one per further core, up to three. */
  workers?: number | undefined
  onProgress?: ((progress: IngestProgress) => void) | undefined
  /** A pack of this size is finished and another one begun: 4 GiB by default. */
  checkpointBytes?: number | undefined
  /** Awaited before the work goes on. */
  onCheckpoint?: ((checkpoint: IngestCheckpoint<R>) => void | Promise<void>) | undefined
}
