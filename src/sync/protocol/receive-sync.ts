import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { NotFoundError } from '../../model/errors.ts'
import type { KnownBlocks } from '../../store/known-blocks.ts'
import type { ByteDuplex } from '../duplex.ts'
import { type ByteReader, createByteReader } from './byte-reader.ts'
import { readCarStart } from './car-stream.ts'
import { explainRefusal, RefusedRequest } from './messages/refusal.ts'
import { encodeRequest, readResponse, type SyncRequest, type SyncResponse } from './messages/sync-message.ts'
import { explainWireProblem, malformed } from './peer-errors.ts'
import {
  beginWalk,
  type BlockPack,
  passKept,
  putAside,
  receiveBlocks,
  type ReceivedSync,
  type StartedWalk,
  type SyncProgress,
} from './receive-blocks.ts'
import { IDLE_TIMEOUT_MS } from './sync-limits.ts'
import { timedSend } from './timed-send.ts'

/** What is here already: the store that the blocks go to. */
type LocalBlocks = BlockSource & KnownBlocks

/** What is asked for, and where it goes. */
export interface ReceiveSyncOptions extends AbortOptions {
  /** What errors call the peer. */
  label: string
  wants: readonly CID[]
  /** Roots that are here with all they reach, by which the peer saves sending (default none). */
  haves?: readonly CID[]
  /** What the wants must be (default `commit`); `any` takes trees and files too. */
  wanted?: 'commit' | 'manifest' | 'any'
  pack: BlockPack
  local: LocalBlocks
  /** Whether a transfer that stops keeps what was verified, so that the next one goes on there (default false). */
  keepPartial?: boolean
  /** How long the peer may take for the response, and for each block (default IDLE_TIMEOUT_MS). */
  idleTimeoutMs?: number
  /** Bytes of blocks after which the transfer is given up: UnavailableError `transfer-too-large` (default: no limit). */
  maxBytes?: number
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/**
 * Asks a peer for what `wants` reach and `haves` do not, and writes it to the pack, verified: each block is the one
 * that is due in the order of the walk, hashes to its CID, and is valid where it stands, before it is written. When it
 * resolves, the pack is finished and the wants are complete.
 *
 * Blocks at the start of the order that `local` holds are not asked for: that is how an interrupted transfer resumes.
 *
 * Otherwise the stream is aborted and the pack too (or finished, with `keepPartial`, where nobody lied). IntegrityError
 * `peer-sent-corrupt-block`, `peer-sent-unrequested`, `peer-sent-malformed`; `tree-invalid`, `not-a-commit`,
 * `commit-invalid`, `tag-invalid`, `codec-unknown` for content that nobody should have (details: `peer`);
 * NotFoundError `not-served`; UnavailableError `peer-refused`, `peer-closed-early`, `peer-too-slow`,
 * `transfer-too-large`; the signal's reason; what `local` and `pack` throw.
 */
export async function receiveSync(duplex: ByteDuplex, options: ReceiveSyncOptions): Promise<ReceivedSync> {
  try {
    const received = await receive(duplex, options)
    await options.pack.finish()
    return received
  } catch (error) {
    duplex.abort(error instanceof Error ? error : new Error('the transfer failed'))
    await putAside(error, options)
    throw error
  }
}

async function receive(duplex: ByteDuplex, options: ReceiveSyncOptions): Promise<ReceivedSync> {
  const { label, signal, wants, haves = [], local, onProgress, pack, maxBytes } = options
  const started = await begin(haves, options)
  await passKept(started, local, { signal })
  if (started.due === undefined) {
    await duplex.closeWrite()
    return { blocks: 0, bytes: 0, resumed: started.kept }
  }
  try {
    const request = { wants: [...wants], haves: [...haves], resume: started.kept }
    const { reader, response } = await askForBlocks(duplex, request, options)
    const walk = await agreeOn(response, started, options)
    await readCarStart(reader, wants)
    return await receiveBlocks(reader, walk, {
      label,
      pack,
      totalBlocks: response.blocks,
      maxBytes,
      signal,
      onProgress,
    })
  } catch (error) {
    throw explainWireProblem(error, label)
  }
}

function begin(
  haves: readonly CID[],
  { wants, wanted = 'commit', local, signal }: ReceiveSyncOptions,
): Promise<StartedWalk> {
  return beginWalk({ wants, haves, role: wanted, local, signal })
}

/**
 * Sends a request for blocks, and reads what is answered before the CAR. Throws the codes of `receiveSync` for a refusal,
 * WireProblem, and what the reader throws.
 */
export async function askForBlocks(
  duplex: ByteDuplex,
  request: SyncRequest,
  {
    label,
    signal,
    idleTimeoutMs = IDLE_TIMEOUT_MS,
  }: { label: string; idleTimeoutMs?: number | undefined } & AbortOptions,
): Promise<{ reader: ByteReader; response: SyncResponse }> {
  await timedSend(duplex, { label, idleTimeoutMs, signal })(encodeRequest(request))
  await duplex.closeWrite()
  const reader = createByteReader(duplex.source, { label, idleTimeoutMs, signal })
  return { reader, response: await readAccepted(reader, label, request.wants) }
}

async function readAccepted(reader: ByteReader, label: string, wants: readonly CID[]): Promise<SyncResponse> {
  try {
    return await readResponse(reader)
  } catch (error) {
    if (!(error instanceof RefusedRequest) || error.refusal.code !== 'not-served') throw explainRefusal(error, label)
  }
  const named = wants.slice(0, MAX_NAMED_WANTS).map(String)
  const others = wants.length > named.length ? ` and ${wants.length - named.length} more` : ''
  throw new NotFoundError('not-served', `${label} does not serve ${named.join(', ')}${others}`, {
    hint: 'check the CID or name; its owner may not have published it, or to others only',
    details: { peer: label, wants: named },
  })
}

/** How many wants a message names. */
const MAX_NAMED_WANTS = 8

/** The walk that the peer said it does: ours, or, where it does not know all haves, one from the start. */
async function agreeOn(
  response: SyncResponse,
  started: StartedWalk,
  options: ReceiveSyncOptions,
): Promise<StartedWalk> {
  const { haves = [], label } = options
  if (response.haves.length === haves.length && response.resume === started.kept) {
    if (response.haves.every((have, index) => have.equals(haves[index]))) return started
  }
  const isSubset = response.haves.every((have) => haves.some((other) => other.equals(have)))
  if (!isSubset || response.resume !== 0) throw malformed(label, 'it answers another request')
  return begin(response.haves, options)
}
