import type { CID } from 'multiformats/cid'

import type { AbortOptions, Block, BlockSource } from '../../model/block.ts'
import { isSha256Of } from '../../model/cid.ts'
import type { KnownBlocks } from '../../store/known-blocks.ts'
import type { ByteDuplex } from '../duplex.ts'
import type { ByteReader } from '../protocol/byte-reader.ts'
import { readCarStart, readSection, readSectionAtHand } from '../protocol/car-stream.ts'
import { closedEarly, corruptBlock, explainWireProblem, malformed, unrequestedBlock } from '../protocol/peer-errors.ts'
import {
  acceptBlock,
  beginWalk,
  type BlockPack,
  nextBlock,
  type StartedWalk,
  verifySection,
} from '../protocol/receive-blocks.ts'
import { askForBlocks } from '../protocol/receive-sync.ts'
import { MAX_SECTION_BYTES } from '../protocol/sync-limits.ts'
import type { Role } from '../walk/dag-place.ts'
import type { WalkedBlock } from '../walk/dag-walk.ts'

/** Whom is asked, and for how long. */
interface ApartOptions extends AbortOptions {
  label: string
  idleTimeoutMs?: number | undefined
}

/** What is received of nodes, and where it goes. */
export interface ReceiveNodesOptions extends ApartOptions {
  wants: readonly CID[]
  haves: readonly CID[]
  role: Role
  local: BlockSource & KnownBlocks
  pack: BlockPack
  /** Told of each leaf that the nodes link, here or not. */
  onLeaf(cid: CID, sizeBytes: number | undefined): void
}

/**
 * Receives the nodes that `wants` reach and `haves` do not, verified as by `receiveSync`; leaves are told only. The pack is
 * not finished. Throws as `receiveSync`; the stream is aborted then.
 */
export async function receiveNodes(
  duplex: ByteDuplex,
  options: ReceiveNodesOptions,
): Promise<{ bytes: number; blocks: number }> {
  const { label, wants, haves, pack, signal } = options
  try {
    const started = await begin(haves, options)
    await passKeptNodes(started, options)
    const request = { wants: [...wants], haves: [...haves], resume: started.kept, nodes: true }
    const { reader, response } = await askForBlocks(duplex, request, options)
    const isSame = response.haves.length === haves.length && response.resume === started.kept
    if (!isSame && response.resume !== 0) throw malformed(label, 'it answers another request')
    const { walk, due: first } = isSame ? started : await begin(response.haves, options)
    await readCarStart(reader, wants)
    const received = { blocks: 0, bytes: 0 }
    for (let due = first; ; due = nextNode(walk, options)) {
      const section = await readSection(reader)
      if (due === undefined && section === undefined) return received
      const block = verifySection(due, section, label)
      acceptBlock(walk, block, label)
      pack.add(block)
      received.blocks++
      received.bytes += block.bytes.length
      if (received.blocks % DRAIN_BLOCKS === 0) await pack.drain()
      signal?.throwIfAborted()
    }
  } catch (error) {
    duplex.abort(error instanceof Error ? error : new Error('the transfer failed'))
    throw explainWireProblem(error, label)
  }
}

const DRAIN_BLOCKS = 256

async function begin(haves: readonly CID[], options: ReceiveNodesOptions): Promise<StartedWalk> {
  const { wants, role, local, signal } = options
  const started = await beginWalk({ wants, haves, role, local, signal })
  if (started.due?.isLeaf === true) started.due = passLeaves(started.walk, started.due, options)
  return started
}

async function passKeptNodes(started: StartedWalk, options: ReceiveNodesOptions): Promise<void> {
  const { walk } = started
  const { local, signal } = options
  while (started.due !== undefined && local.hasDigest(started.due.cid.multihash.digest)) {
    walk.accept(await local.get(started.due.cid, { signal }))
    started.kept++
    started.due = nextNode(walk, options)
  }
}

function nextNode(walk: StartedWalk['walk'], options: ReceiveNodesOptions): WalkedBlock | undefined {
  const due = nextBlock(walk, options.label)
  return due?.isLeaf === true ? passLeaves(walk, due, options) : due
}

function passLeaves(
  walk: StartedWalk['walk'],
  first: WalkedBlock,
  { label, onLeaf }: ReceiveNodesOptions,
): WalkedBlock | undefined {
  let due: WalkedBlock | undefined = first
  for (; due?.isLeaf === true; due = nextBlock(walk, label)) {
    onLeaf(due.cid, due.tsize)
    walk.pass()
  }
  return due
}

/**
 * Receives just these blocks, in their order, each verified by its hash before `onBlock` is told of it: the bytes are true
 * until that resolves. Returns whether one of them is not for everybody. Throws as `receiveSync`; the stream is aborted then.
 */
export async function receiveOnly(
  duplex: ByteDuplex,
  wants: readonly CID[],
  { onBlock, ...options }: ApartOptions & { onBlock(block: Block): Promise<unknown> },
): Promise<{ isRestricted: boolean }> {
  const { label } = options
  try {
    const request = { wants: [...wants], haves: [], resume: 0, only: true }
    const { reader, response } = await askForBlocks(duplex, request, options)
    await readCarStart(reader, [])
    // Whoever is told of a block copies what it keeps.
    const scratch = new Uint8Array(MAX_SECTION_BYTES)
    for (const cid of wants) await onBlock(await readOne(reader, cid, label, scratch))
    if ((await readSection(reader)) !== undefined) throw unrequestedBlock(label, undefined)
    return { isRestricted: response.restricted === true }
  } catch (error) {
    duplex.abort(error instanceof Error ? error : new Error('the transfer failed'))
    throw explainWireProblem(error, label)
  }
}

async function readOne(reader: ByteReader, cid: CID, label: string, scratch: Uint8Array): Promise<Block> {
  const section = readSectionAtHand(reader, scratch) ?? (await readSection(reader, scratch))
  if (section === undefined) throw closedEarly(label)
  if (Buffer.compare(section.cid, cid.bytes) !== 0) throw unrequestedBlock(label, cid)
  if (!isSha256Of(cid.multihash.digest, section.bytes)) throw corruptBlock(label, cid)
  return { cid, bytes: section.bytes }
}
