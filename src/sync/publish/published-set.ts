import { mkdir, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

import { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { DAG_JSON, RAW } from '../../model/cid.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { IntegrityError, JzfsError } from '../../model/errors.ts'
import { linksOf } from '../../model/tree/reachability.ts'
import { createReachedCommits } from '../../repo/history/reached-commits.ts'
import { syncDirectory, writeFileDurably } from '../../store/durable.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import { reachable } from '../walk/reachable.ts'
import { decodeDigestSet, type DigestSet, encodeDigestSet } from './digest-set-file.ts'

/** What publishing heads wrote. */
export interface WrittenSet {
  /** Blocks that they reach: what may be served. */
  blocks: number
  /** Blocks that were not in the set before; all, where it was made anew. */
  added: number
  /** Whether it has heads that were to be kept, beside those that it shall have. */
  hasOthers: boolean
}

/** How a set is written. */
export interface PublishHeadsOptions extends AbortOptions {
  /** Keeps heads of the file that went back or away, and what they reach: until it is written without (default false). */
  keepsOthers?: boolean
}

/**
 * Writes the set file at `path`: the digests of exactly what `heads` reach together (see digest-set-file.ts;
 * `openDigestSet` asks it). Where they reach all heads of the file, only the difference is walked; where one of those
 * went back or away, or the file is corrupt, it is made anew. It is replaced durably: a reader has the old set or the new
 * one.
 *
 * Throws what `source` throws where a node is missing: nothing is published then.
 */
export async function publishHeads(
  path: string,
  source: BlockSource,
  heads: readonly CID[],
  { keepsOthers = false, ...options }: PublishHeadsOptions = {},
): Promise<WrittenSet> {
  const before = await readSet(path)
  const wanted = sortHeads(heads)
  if (before !== undefined && isSame(before.heads, wanted)) {
    return { blocks: countOf(before), added: 0, hasOthers: false }
  }
  const extension = before && (await extend(source, heads, before, options))
  const others = extension?.unreached ?? []
  const isExtended = others.length === 0 || keepsOthers
  const base = extension !== undefined && isExtended ? before : undefined
  const added = base === undefined ? await collect(source, heads, undefined, options) : extension!
  const sorted = base === undefined ? wanted : sortHeads([...heads, ...others])
  const leaves = mergeSorted(base?.leaves ?? new Uint8Array(0), joinSorted(added.leaves))
  const nodesBefore = withoutDigests(base?.nodes ?? new Uint8Array(0), extension?.replaced ?? [])
  const nodes = mergeSorted(nodesBefore, joinSorted(added.nodes))
  const set = { heads: sorted, leaves, nodes }
  try {
    await mkdir(dirname(path), { recursive: true })
  } catch (error) {
    throw explainFsError(error, path)
  }
  await writeFileDurably(path, encodeDigestSet(set))
  const hasOthers = base !== undefined && others.length > 0
  return { blocks: countOf(set), added: added.leaves.length + added.nodes.length, hasOthers }
}

/** Removes the set file at `path`, durably; nothing happens where there is none. */
export async function unpublishHeads(path: string): Promise<void> {
  await rm(path, { force: true })
  await syncDirectory(dirname(path)).catch((error: unknown) => {
    if (fsErrorCode((error as Error).cause ?? error) !== 'ENOENT') throw error
  })
}

/** The heads of a set file in their order, each once. */
function sortHeads(heads: readonly CID[]): Uint8Array[] {
  const sorted = heads.map(({ bytes }) => bytes).sort((a, b) => Buffer.compare(a, b))
  return sorted.filter((head, index) => index === 0 || Buffer.compare(head, sorted[index - 1]!) !== 0)
}

function isSame(before: readonly Uint8Array[], after: readonly Uint8Array[]): boolean {
  return before.length === after.length && before.every((head, index) => Buffer.compare(head, after[index]!) === 0)
}

interface Collected {
  leaves: Uint8Array[]
  nodes: Uint8Array[]
  /** Heads of the set before that the walk came to, in text. */
  met: Set<string>
}

/** What is new beside the set before. */
interface Extension extends Collected {
  /** Heads of the set before that are not reached any more: for these the set has too much. */
  unreached: CID[]
  /** Digests of manifests that were heads, all of whose own heads are reached: only they themselves are too much. */
  replaced: Uint8Array[]
}

async function extend(
  source: BlockSource,
  heads: readonly CID[],
  before: DigestSet,
  options: AbortOptions,
): Promise<Extension> {
  const collected = await collect(source, heads, before, options)
  const left = before.heads.map((head) => CID.decode(head)).filter((head) => !collected.met.has(head.toString()))
  if (left.length === 0) return { ...collected, unreached: [], replaced: [] }
  // The walk stops at what it knows: an older commit may lie behind it.
  const nodes = readOnce(source, options)
  const tips = await Promise.all(heads.map(async (head) => (await manifestHeads(nodes, head)) ?? [head]))
  const reached = createReachedCommits({ ...nodes, hasDigest: () => true }, tips.flat())
  const areReached = async (cids: readonly CID[]): Promise<boolean> => {
    for (const cid of cids) if (!(await reached.has(cid, options))) return false
    return true
  }
  const extension: Extension = { ...collected, unreached: [], replaced: [] }
  for (const head of left) {
    const own = await manifestHeads(nodes, head)
    if (!(await areReached(own ?? [head]))) extension.unreached.push(head)
    else if (own !== undefined) extension.replaced.push(head.multihash.digest)
  }
  return extension
}

/** A source whose blocks are read once: commits, tags and manifests are small. */
function readOnce(source: BlockSource, options: AbortOptions): BlockSource {
  const read = new Map<string, Promise<Uint8Array>>()
  return {
    get(cid) {
      const id = cid.toString()
      const found = read.get(id) ?? source.get(cid, options)
      read.set(id, found)
      return found
    },
  }
}

/** What a manifest names; undefined for anything else, and for what is not here any more. */
async function manifestHeads(source: BlockSource, cid: CID): Promise<CID[] | undefined> {
  if (cid.code !== DAG_JSON) return undefined
  try {
    const bytes = await source.get(cid)
    return nodeType(cid, bytes) === 'jzfs/manifest/1' ? linksOf(cid, bytes) : undefined
  } catch (error) {
    if (error instanceof JzfsError) return undefined
    throw error
  }
}

async function collect(
  source: BlockSource,
  heads: readonly CID[],
  before: DigestSet | undefined,
  { signal }: AbortOptions,
): Promise<Collected> {
  const collected: Collected = { leaves: [], nodes: [], met: new Set() }
  const headsBefore = new Set(before?.heads.map((head) => CID.decode(head).toString()))
  const isKnown = (cid: CID, isLeaf: boolean): boolean => {
    if (before === undefined || !hasSorted(isLeaf ? before.leaves : before.nodes, cid.multihash.digest)) return false
    if (headsBefore.size > collected.met.size) {
      const text = cid.toString()
      if (headsBefore.has(text)) collected.met.add(text)
    }
    return true
  }
  for await (const cid of reachable(source, heads, { isKnown, signal })) {
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

function withoutDigests(digests: Uint8Array, removed: readonly Uint8Array[]): Uint8Array {
  if (removed.length === 0) return digests
  const unwanted = new Set(removed.map((digest) => Buffer.from(digest).toString('hex')))
  const kept: Uint8Array[] = []
  for (let at = 0; at < digests.length; at += DIGEST_BYTES) {
    const digest = digests.subarray(at, at + DIGEST_BYTES)
    if (!unwanted.has(Buffer.from(digest).toString('hex'))) kept.push(digest)
  }
  return Buffer.concat(kept)
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
