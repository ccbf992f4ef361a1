import type { CID } from 'multiformats/cid'

import type { AbortOptions, Block, BlockSource } from '../../model/block.ts'
import { isSha256Of } from '../../model/cid.ts'
import { IntegrityError, JzfsError, UnavailableError } from '../../model/errors.ts'
import type { KnownBlocks } from '../../store/known-blocks.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import type { Role } from '../walk/dag-place.ts'
import { createDagWalk, type DagWalk, type WalkedBlock } from '../walk/dag-walk.ts'
import { createWalkPause } from '../walk/walk-pause.ts'
import { passHaves } from '../walk/walk-source.ts'
import type { ByteReader } from './byte-reader.ts'
import { type CarSection, readSection, readSectionAtHand } from './car-stream.ts'
import { closedEarly, corruptBlock, unrequestedBlock } from './peer-errors.ts'
import { MAX_SECTION_BYTES } from './sync-limits.ts'

/** Where verified blocks go: one pack, or several one after the other. */
export type BlockPack = Pick<PackWriter, 'add' | 'drain' | 'abort'> & { finish(): Promise<unknown> }

/** How far a transfer is. Rate and time left follow from how it changes. */
export interface SyncProgress {
  /** Blocks that are here (of a push: there), those of an earlier try among them. */
  blocks: number
  /** Bytes of blocks moved by this transfer. */
  bytes: number
  /** How many blocks there are in all, where that is known. */
  totalBlocks: number | undefined
}

/** What was received. */
export interface ReceivedSync {
  /** Blocks received. */
  blocks: number
  /** Bytes of these blocks. */
  bytes: number
  /** Blocks at the start of the order that were here before. */
  resumed: number
}

/** A walk, and how far it is. */
export interface StartedWalk {
  walk: DagWalk
  /** The block that is due; undefined where everything is here. */
  due: WalkedBlock | undefined
  /** Blocks before it, all here. */
  kept: number
}

/** Begins the strict walk of what comes from a peer, at its first block, past what `haves` reach. */
export async function beginWalk(options: {
  wants: readonly CID[]
  haves: readonly CID[]
  role: Role | readonly Role[]
  local: BlockSource
  signal?: AbortSignal | undefined
}): Promise<StartedWalk> {
  const { wants, haves, role, local, signal } = options
  const walk = createDagWalk()
  await passHaves(walk, haves, local, { signal })
  walk.begin(wants, { isStrict: true, role })
  return { walk, due: walk.next(), kept: 0 }
}

/** Walks on to the first block that is not here, or past `limit` of them. */
export async function passKept(
  started: StartedWalk,
  local: BlockSource & KnownBlocks,
  { signal, limit = Number.POSITIVE_INFINITY }: AbortOptions & { limit?: number } = {},
): Promise<void> {
  const { walk } = started
  const pause = createWalkPause({ signal })
  while (started.due !== undefined && started.kept < limit && local.hasDigest(started.due.cid.multihash.digest)) {
    if (started.due.isLeaf) walk.pass()
    else walk.accept(await local.get(started.due.cid, { signal }))
    started.kept++
    started.due = walk.next()
    const pausing = pause()
    if (pausing !== undefined) await pausing
  }
}

/** How received blocks are kept. */
export interface ReceiveBlocksOptions extends AbortOptions {
  /** What errors call the sender. */
  label: string
  pack: BlockPack
  totalBlocks?: number | undefined
  /** Bytes of blocks after which the transfer is given up: UnavailableError `transfer-too-large` (default: no limit). */
  maxBytes?: number | undefined
  onProgress?: ((progress: SyncProgress) => void) | undefined
}

/** How many bytes are handed to the pack before it is given time to write them. */
const DRAIN_BYTES = 2_097_152

/** Progress is told each time so many blocks or bytes have come. */
const PROGRESS_BLOCKS = 256
const PROGRESS_BYTES = 1_048_576

/**
 * Reads sections to the end of the stream and writes them to the pack: each is the block that is due in the walk, hashes
 * to its CID and is valid where it stands, before it is written. The pack is not finished.
 *
 * Throws the codes of `receiveSync` for what a peer sends, and WireProblem for what is no section.
 */
export async function receiveBlocks(
  reader: ByteReader,
  { walk, due: first, kept }: StartedWalk,
  options: ReceiveBlocksOptions,
): Promise<ReceivedSync> {
  const { label, pack, signal, onProgress, totalBlocks, maxBytes = Number.POSITIVE_INFINITY } = options
  const received: ReceivedSync = { blocks: 0, bytes: 0, resumed: kept }
  const told = { blocks: 0, bytes: 0 }
  // The pack copies what it takes, and nodes are copied where they are kept.
  const scratch = new Uint8Array(MAX_SECTION_BYTES)
  let drained = 0
  const tell = (): void => {
    onProgress?.({ blocks: kept + received.blocks, bytes: received.bytes, totalBlocks })
    Object.assign(told, received)
  }
  tell()
  for (let due = first; ; due = nextBlock(walk, label)) {
    const section = readSectionAtHand(reader, scratch) ?? (await readSection(reader, scratch))
    if (due === undefined && section === undefined) break
    const block = verifySection(due, section, label)
    acceptBlock(walk, block, label)
    received.blocks++
    received.bytes += block.bytes.length
    if (received.bytes > maxBytes) throw tooLarge(label, maxBytes)
    pack.add(block)
    if (received.bytes - drained >= DRAIN_BYTES) {
      drained = received.bytes
      await pack.drain()
      signal?.throwIfAborted()
    }
    if (received.blocks - told.blocks >= PROGRESS_BLOCKS || received.bytes - told.bytes >= PROGRESS_BYTES) tell()
  }
  tell()
  return received
}

/** Keeps what was verified where that was asked for and nobody lied; else removes it. */
export async function putAside(
  error: unknown,
  { pack, keepPartial = false, signal }: { pack: BlockPack; keepPartial?: boolean } & AbortOptions,
): Promise<void> {
  const isStopped = signal?.aborted === true || STOPPED.has(error instanceof JzfsError ? error.code : '')
  if (keepPartial && isStopped) await pack.finish()
  else pack.abort()
}

/** What may happen to an honest peer: what came before it is worth keeping. */
const STOPPED = new Set(['peer-closed-early', 'peer-too-slow'])

/** The block of a section, which must be the one that is due. Throws what a peer that sends another is told by. */
export function verifySection(due: WalkedBlock | undefined, section: CarSection | undefined, label: string): Block {
  if (section === undefined) throw closedEarly(label)
  if (due === undefined || Buffer.compare(section.cid, due.cid.bytes) !== 0) throw unrequestedBlock(label, due?.cid)
  if (!isSha256Of(due.cid.multihash.digest, section.bytes)) throw corruptBlock(label, due.cid)
  // A node is kept while its links are followed: as a copy, so that it does not keep the piece that it came in.
  const bytes = due.isLeaf ? section.bytes : new Uint8Array(section.bytes)
  return { cid: due.cid, bytes }
}

/** Goes on with a block in the walk. Throws what is wrong with it, with the name of whom it came from. */
export function acceptBlock(walk: DagWalk, block: Block, label: string): void {
  try {
    walk.accept(block.bytes)
  } catch (error) {
    throw fromPeer(error, label)
  }
}

/** The block that comes next in the walk. Throws as `acceptBlock`. */
export function nextBlock(walk: DagWalk, label: string): WalkedBlock | undefined {
  try {
    return walk.next()
  } catch (error) {
    throw fromPeer(error, label)
  }
}

/** Content that is refused, with the name of whom it came from. */
export function fromPeer(error: unknown, label: string): unknown {
  if (!(error instanceof IntegrityError)) return error
  const { code, message, hint, details } = error
  return new IntegrityError(code, `${label} sent what must not be used: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
    details: { ...details, peer: label },
  })
}

function tooLarge(label: string, maxBytes: number): UnavailableError {
  return new UnavailableError('transfer-too-large', `${label} sends more than ${maxBytes} bytes`, {
    hint: 'raise the limit if it is meant to be that large',
    details: { peer: label, maxBytes },
  })
}
