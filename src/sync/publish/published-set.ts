import { mkdir, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

import { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { DAG_JSON, RAW } from '../../model/cid.ts'
import { IntegrityError } from '../../model/errors.ts'
import { syncDirectory, writeFileDurably } from '../../store/durable.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import { reachable } from '../walk/reachable.ts'
import { decodeDigestSet, type DigestSet, encodeDigestSet } from './digest-set-file.ts'

/** What publishing a head wrote. */
export interface PublishedHead {
  /** Blocks that it reaches: what may be served. */
  blocks: number
  /** Blocks that were not in the set before. */
  added: number
}

/**
 * Writes the set file at `path`: the digests of exactly what `head` reaches (see digest-set-file.ts; `openDigestSet`
 * asks it). Where the file holds an ancestor's set, only the difference is walked; where it holds another head's, or is
 * corrupt, it is made anew. It is replaced durably: a reader has the old set or the new one.
 *
 * Throws what `source` throws where a node is missing: nothing is published then.
 */
export async function publishHead(
  path: string,
  source: BlockSource,
  head: CID,
  options: AbortOptions = {},
): Promise<PublishedHead> {
  const before = await readSet(path)
  if (before !== undefined && CID.decode(before.head).equals(head)) return { blocks: countOf(before), added: 0 }
  const extension = before && (await extend(source, head, before, options))
  const added = extension ?? (await collect(source, head, undefined, options))
  const base = extension === undefined ? undefined : before
  const leaves = mergeSorted(base?.leaves ?? new Uint8Array(0), joinSorted(added.leaves))
  const nodes = mergeSorted(base?.nodes ?? new Uint8Array(0), joinSorted(added.nodes))
  const set = { head: head.bytes, leaves, nodes }
  try {
    await mkdir(dirname(path), { recursive: true })
  } catch (error) {
    throw explainFsError(error, path)
  }
  await writeFileDurably(path, encodeDigestSet(set))
  return { blocks: countOf(set), added: added.leaves.length + added.nodes.length }
}

/** Removes the set file at `path`, durably; nothing happens where there is none. */
export async function unpublishHead(path: string): Promise<void> {
  await rm(path, { force: true })
  await syncDirectory(dirname(path)).catch((error: unknown) => {
    if (fsErrorCode((error as Error).cause ?? error) !== 'ENOENT') throw error
  })
}

interface Collected {
  leaves: Uint8Array[]
  nodes: Uint8Array[]
  /** Whether the walk came to the head of the set before: if not, that set has what the new head does not reach. */
  metHead: boolean
}

async function extend(
  source: BlockSource,
  head: CID,
  before: DigestSet,
  options: AbortOptions,
): Promise<Collected | undefined> {
  const collected = await collect(source, head, before, options)
  return collected.metHead ? collected : undefined
}

async function collect(
  source: BlockSource,
  head: CID,
  before: DigestSet | undefined,
  { signal }: AbortOptions,
): Promise<Collected> {
  const collected: Collected = { leaves: [], nodes: [], metHead: false }
  const headBefore = before && CID.decode(before.head)
  const isKnown = (cid: CID, isLeaf: boolean): boolean => {
    if (headBefore !== undefined && cid.code === DAG_JSON && cid.equals(headBefore)) collected.metHead = true
    return before !== undefined && hasSorted(isLeaf ? before.leaves : before.nodes, cid.multihash.digest)
  }
  for await (const cid of reachable(source, [head], { isKnown, signal })) {
    const list = cid.code === RAW ? collected.leaves : collected.nodes
    list.push(cid.multihash.digest)
  }
  return collected
}

async function readSet(path: string): Promise<DigestSet | undefined> {
  try {
    return decodeDigestSet(path, await readFile(path))
  } catch (error) {
    if (error instanceof IntegrityError || fsErrorCode(error) === 'ENOENT') return undefined
    throw explainFsError(error, path)
  }
}

const DIGEST_BYTES = 32

function countOf({ leaves, nodes }: DigestSet): number {
  return (leaves.length + nodes.length) / DIGEST_BYTES
}

function joinSorted(digests: Uint8Array[]): Uint8Array {
  return Buffer.concat(digests.sort((a, b) => Buffer.compare(a, b)))
}

function mergeSorted(a: Uint8Array, b: Uint8Array): Uint8Array {
  const merged = new Uint8Array(a.length + b.length)
  let [fromA, fromB, end] = [0, 0, 0]
  while (fromA < a.length || fromB < b.length) {
    const order = fromA === a.length ? 1 : fromB === b.length ? -1 : compareDigests(a, fromA, b, fromB)
    const next = order <= 0 ? a.subarray(fromA, fromA + DIGEST_BYTES) : b.subarray(fromB, fromB + DIGEST_BYTES)
    merged.set(next, end)
    end += DIGEST_BYTES
    if (order <= 0) fromA += DIGEST_BYTES
    if (order >= 0) fromB += DIGEST_BYTES
  }
  return merged.subarray(0, end)
}

function hasSorted(digests: Uint8Array, wanted: Uint8Array): boolean {
  let low = 0
  let high = digests.length / DIGEST_BYTES
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = compareDigests(digests, middle * DIGEST_BYTES, wanted, 0)
    if (order === 0) return true
    if (order < 0) low = middle + 1
    else high = middle
  }
  return false
}

function compareDigests(a: Uint8Array, atA: number, b: Uint8Array, atB: number): number {
  for (let byte = 0; byte < DIGEST_BYTES; byte++) {
    const difference = a[atA + byte]! - b[atB + byte]!
    if (difference !== 0) return difference
  }
  return 0
}
