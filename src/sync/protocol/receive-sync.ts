import type { CID } from 'multiformats/cid'

import type { AbortOptions, Block, BlockSource } from '../../model/block.ts'
import { sha256 } from '../../model/cid.ts'
import { IntegrityError, JzfsError, NotFoundError, UnavailableError } from '../../model/errors.ts'
import type { KnownBlocks } from '../../store/known-blocks.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import type { ByteDuplex } from '../duplex.ts'
import { createDagWalk, type DagWalk, type WalkedBlock } from '../walk/dag-walk.ts'
import { passReachable } from '../walk/walk-source.ts'
import { type ByteReader, createByteReader } from './byte-reader.ts'
import { type CarSection, readCarStart, readSection } from './car-stream.ts'
import { closedEarly, corruptBlock, malformed, unrequestedBlock } from './peer-errors.ts'
import { encodeRequest, readResponse, type SyncAccepted } from './sync-header.ts'
import { IDLE_TIMEOUT_MS } from './sync-limits.ts'
import { WireProblem } from './wire-problem.ts'

/** What is here already: the store that the blocks go to. */
type LocalBlocks = BlockSource & KnownBlocks

/** Where verified blocks go: one pack, or several one after the other. */
export type BlockPack = Pick<PackWriter, 'add' | 'drain' | 'abort'> & { finish(): Promise<unknown> }

/** How far a transfer is. */
export interface SyncProgress {
  /** Blocks that are here, those of an earlier try among them. */
  blocks: number
  /** Bytes of blocks received by this transfer. */
  bytes: number
  /** How many blocks there are in all, where the peer says so. */
  totalBlocks: number | undefined
}

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

/** What was received. */
export interface ReceivedSync {
  /** Blocks received. */
  blocks: number
  /** Bytes of these blocks. */
  bytes: number
  /** Blocks at the start of the order that were here before. */
  resumed: number
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

/** Keeps what was verified where that was asked for and nobody lied; else removes it. */
export async function putAside(
  error: unknown,
  { pack, keepPartial = false, signal }: Pick<ReceiveSyncOptions, 'pack' | 'keepPartial' | 'signal'>,
): Promise<void> {
  const isStopped = signal?.aborted === true || STOPPED.has(error instanceof JzfsError ? error.code : '')
  if (keepPartial && isStopped) await pack.finish()
  else pack.abort()
}

/** What may happen to an honest peer: what came before it is worth keeping. */
const STOPPED = new Set(['peer-closed-early', 'peer-too-slow'])

async function receive(duplex: ByteDuplex, options: ReceiveSyncOptions): Promise<ReceivedSync> {
  const { label, signal, idleTimeoutMs = IDLE_TIMEOUT_MS, wants, haves = [] } = options
  const started = await beginWalk(haves, options)
  await passKept(started, options)
  if (started.due === undefined) {
    await duplex.closeWrite()
    return { blocks: 0, bytes: 0, resumed: started.kept }
  }
  await duplex.send(encodeRequest({ wants: [...wants], haves: [...haves], resume: started.kept })).catch((error) => {
    throw closedEarly(label, error)
  })
  await duplex.closeWrite()
  const reader = createByteReader(duplex.source, { label, idleTimeoutMs, signal })
  try {
    const response = await readAccepted(reader, options)
    const walk = await agreeOn(response, started, options)
    await readCarStart(reader, wants)
    return await readBlocks(reader, walk, response, options)
  } catch (error) {
    if (!(error instanceof WireProblem)) throw error
    throw error.isCutShort ? closedEarly(label, error) : malformed(label, error.message)
  }
}

/** A walk, and how far it is. */
interface StartedWalk {
  walk: DagWalk
  /** The block that is due; undefined where everything is here. */
  due: WalkedBlock | undefined
  /** Blocks before it, all here. */
  kept: number
}

/** Begins the walk of what is wanted, at its first block. */
async function beginWalk(
  haves: readonly CID[],
  { wants, wanted = 'commit', local, signal }: ReceiveSyncOptions,
): Promise<StartedWalk> {
  const walk = createDagWalk()
  await passReachable(walk, haves, local, { signal })
  walk.begin(wants, { isStrict: true, role: wanted })
  return { walk, due: walk.next(), kept: 0 }
}

/** Walks on to the first block that is not here. */
async function passKept(started: StartedWalk, { local, signal }: ReceiveSyncOptions): Promise<void> {
  const { walk } = started
  for (; started.due !== undefined && local.hasDigest(started.due.cid.multihash.digest); started.due = walk.next()) {
    if (started.due.isLeaf) walk.pass()
    else walk.accept(await local.get(started.due.cid, { signal }))
    started.kept++
  }
}

async function readAccepted(reader: ByteReader, { label, wants }: ReceiveSyncOptions): Promise<SyncAccepted> {
  const response = await readResponse(reader)
  if (response.status === 'ok') return response
  const { code, message } = response
  if (code === 'not-served') {
    throw new NotFoundError(
      'not-served',
      `${label} does not serve ${wants.map((want) => want.toString()).join(', ')}`,
      {
        hint: 'check the CID or name; its owner may not have published it, or to others only',
        details: { peer: label, wants: wants.map((want) => want.toString()) },
      },
    )
  }
  throw new UnavailableError('peer-refused', `${label} refused: ${JSON.stringify(message)} (${JSON.stringify(code)})`, {
    hint: 'it may run another version of jzfs; try another peer',
    details: { peer: label, refusal: code },
  })
}

/** The walk that the peer said it does: ours, or, where it does not know all haves, one from the start. */
async function agreeOn(
  response: SyncAccepted,
  started: StartedWalk,
  options: ReceiveSyncOptions,
): Promise<StartedWalk> {
  const { haves = [], label } = options
  if (response.haves.length === haves.length && response.resume === started.kept) {
    if (response.haves.every((have, index) => have.equals(haves[index]))) return started
  }
  const isSubset = response.haves.every((have) => haves.some((other) => other.equals(have)))
  if (!isSubset || response.resume !== 0) throw malformed(label, 'it answers another request')
  return beginWalk(response.haves, options)
}

/** How many bytes are handed to the pack before it is given time to write them. */
const DRAIN_BYTES = 2_097_152

/** Progress is told each time so many blocks or bytes have come. */
const PROGRESS_BLOCKS = 256
const PROGRESS_BYTES = 1_048_576

async function readBlocks(
  reader: ByteReader,
  { walk, due: first, kept }: StartedWalk,
  { blocks: totalBlocks }: SyncAccepted,
  { label, pack, signal, onProgress, maxBytes = Number.POSITIVE_INFINITY }: ReceiveSyncOptions,
): Promise<ReceivedSync> {
  const received: ReceivedSync = { blocks: 0, bytes: 0, resumed: kept }
  const told = { blocks: 0, bytes: 0 }
  let drained = 0
  const tell = (): void => {
    onProgress?.({ blocks: kept + received.blocks, bytes: received.bytes, totalBlocks })
    Object.assign(told, received)
  }
  tell()
  for (let due = first; ; due = nextBlock(walk, label)) {
    const section = await readSection(reader)
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

function verifySection(due: WalkedBlock | undefined, section: CarSection | undefined, label: string): Block {
  if (section === undefined) throw closedEarly(label)
  if (due === undefined || Buffer.compare(section.cid, due.cid.bytes) !== 0) throw unrequestedBlock(label, due?.cid)
  if (Buffer.compare(sha256(section.bytes), due.cid.multihash.digest) !== 0) throw corruptBlock(label, due.cid)
  // A node is kept while its links are followed: as a copy, so that it does not keep the piece that it came in.
  const bytes = due.isLeaf ? section.bytes : new Uint8Array(section.bytes)
  return { cid: due.cid, bytes }
}

function acceptBlock(walk: DagWalk, block: Block, label: string): void {
  try {
    walk.accept(block.bytes)
  } catch (error) {
    throw fromPeer(error, label)
  }
}

function nextBlock(walk: DagWalk, label: string): WalkedBlock | undefined {
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
