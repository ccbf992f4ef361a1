import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../model/block.ts'
import { DAG_JSON } from '../model/cid.ts'
import { decodeCommit } from '../model/commit/commit.ts'
import { nodeType } from '../model/commit/dag-json-node.ts'
import { decodeTag } from '../model/commit/tag.ts'
import { decodeManifest } from '../model/manifest/manifest.ts'
import {
  type VerifyFinding,
  type VerifyOptions,
  type VerifyPlace,
  type VerifyProgress,
  VerifyRun,
} from './verify/verify-run.ts'
import { verifyTree } from './verify/verify-tree.ts'

/** What a verification starts from. */
export interface VerifyStart {
  cid: CID
  /** The revision as it was given: findings name it. */
  revision: string
  /** What it must be, where that is known. */
  is?: 'commit' | 'tag' | undefined
  /** The commit whose parent it is, where it was reached as one. */
  parentOf?: CID | undefined
}

/**
 * Verifies all that revisions reach: every block of their commits, tags, directories and files is read and hashed, once,
 * and its structure and declared sizes are checked. Yields what is missing or wrong, with the path and the commit where it
 * belongs (the newest that was met), as it is found, and goes on; returns the totals.
 *
 * `store` verifies what it reads. Memory: 48 bytes a block, and the directories on the way to the current path. Throws
 * only for what is no fault of the data: the signal, a disk that cannot be read.
 */
export async function* verifyReachable(
  store: BlockSource,
  starts: Iterable<VerifyStart>,
  options: VerifyOptions = {},
): AsyncGenerator<VerifyFinding, VerifyProgress> {
  const run = new VerifyRun(store, options)
  yield* verifyStarts(run, starts)
  return run.finish()
}

/** Verifies what revisions reach and the run has not seen: a part of a verification that begins from more. */
export async function* verifyStarts(run: VerifyRun, starts: Iterable<VerifyStart>): AsyncGenerator<VerifyFinding> {
  // First come, first served: from each start the newest commits come first.
  const queue = [...starts]
  for (const root of queue) yield* verifyRoot(run, root, queue)
}

async function* verifyRoot(run: VerifyRun, root: VerifyStart, queue: VerifyStart[]): AsyncGenerator<VerifyFinding> {
  const { cid, revision } = root
  const place: VerifyPlace = { revision, commit: undefined, path: undefined }
  if (cid.code !== DAG_JSON) yield* verifyTree(run, cid, place)
  if (cid.code !== DAG_JSON || run.roots.get(cid.multihash.digest) !== undefined) return
  run.roots.set(cid.multihash.digest, 0)
  let tree: CID | undefined
  const { is, parentOf } = root
  const here = { ...place, commit: is === 'commit' ? cid : undefined, ...(parentOf && { parentOf }) }
  await run.attempt(cid, here, async () => {
    tree = readRoot(run, root, await run.read(cid), queue)
  })
  yield* run.take()
  if (tree !== undefined) yield* verifyTree(run, tree, { ...place, commit: cid })
}

/** Decodes a commit, a tag or a manifest and queues what it links; returns a commit's tree. */
function readRoot(
  run: VerifyRun,
  { cid, revision, is }: VerifyStart,
  bytes: Uint8Array,
  queue: VerifyStart[],
): CID | undefined {
  if (is === 'tag' || (is === undefined && nodeType(cid, bytes) === 'jzfs/tag/1')) {
    const { object, objectType } = decodeTag(cid, bytes)
    run.progress.tags++
    queue.push({ cid: object, revision, is: objectType === 'commit' || objectType === 'tag' ? objectType : undefined })
    return undefined
  }
  if (is === undefined && nodeType(cid, bytes) === 'jzfs/manifest/1') {
    const { branches, tags } = decodeManifest(cid, bytes)
    for (const { head } of branches) queue.push({ cid: head, revision, is: 'commit' })
    for (const { target } of tags) queue.push({ cid: target, revision })
    return undefined
  }
  const { tree, parents } = decodeCommit(cid, bytes)
  run.progress.commits++
  for (const parent of parents) queue.push({ cid: parent, revision, is: 'commit', parentOf: cid })
  return tree
}
