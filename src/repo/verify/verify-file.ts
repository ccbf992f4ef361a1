import type { CID } from 'multiformats/cid'

import { DAG_PB, RAW } from '../../model/cid.ts'
import { checkTsize, unixfsOf } from '../../model/directory/directory-node.ts'
import { toCid } from '../../model/directory/directory-read.ts'
import { MAX_FILE_DEPTH } from '../../model/limits.ts'
import { treeInvalid } from '../../model/tree/tree-invalid.ts'
import { linkCid, type PbNode, scanNode } from '../../model/unixfs/dag-pb.ts'
import { fileSizeOf } from '../../model/unixfs/file-node.ts'
import { UNIXFS_FILE, UNIXFS_RAW, type UnixfsData } from '../../model/unixfs/unixfs-data.ts'
import { BAD, type VerifyPlace, type VerifyRun } from './verify-run.ts'

interface FilePart {
  node: PbNode
  unixfs: UnixfsData
  depth: number
}

/**
 * Verifies a file from its root node: every block below it is read, once in a run, and every size that a link declares is
 * compared with what is there. A part that is missing does not keep the others from being looked at.
 */
export async function verifyFile(run: VerifyRun, root: PbNode, unixfs: UnixfsData, place: VerifyPlace): Promise<void> {
  run.fileParts.set(root.cid.multihash.digest, fileSizeOf(root, unixfs))
  const stack: FilePart[] = [{ node: root, unixfs, depth: 1 }]
  for (let part = stack.pop(); part !== undefined; part = stack.pop()) {
    for (let index = 0; index < part.node.count; index++) {
      const child = await verifyChild(run, part, index, place)
      if (child !== undefined) stack.push(child)
    }
  }
}

/** Verifies what one link leads to; returns it when it has links of its own that were not looked at yet. */
async function verifyChild(
  run: VerifyRun,
  part: FilePart,
  index: number,
  place: VerifyPlace,
): Promise<FilePart | undefined> {
  const cid = toCid(linkCid(part.node, index))
  const size = part.unixfs.blockSizes?.[index] as number
  if (cid.code === RAW) {
    await run.readLeaf(cid, size, place)
    return undefined
  }
  let child: FilePart | undefined
  await run.attempt(cid, place, async () => {
    const { digest } = cid.multihash
    const known = run.fileParts.get(digest)
    if (known === undefined) {
      run.fileParts.set(digest, BAD)
      const depth = part.depth + 1
      if (depth > MAX_FILE_DEPTH) throw treeInvalid(cid, `the file is deeper than ${MAX_FILE_DEPTH} nodes`)
      child = { ...(await readPart(run, cid, part.node.tsizes[index] as number)), depth }
    }
    const actual = child === undefined ? known : fileSizeOf(child.node, child.unixfs)
    run.fileParts.set(digest, actual ?? BAD)
    if (actual !== BAD && actual !== size) {
      throw treeInvalid(cid, `it is declared to hold ${size} bytes of a file and holds ${actual}`)
    }
  })
  return child
}

async function readPart(run: VerifyRun, cid: CID, tsize: number): Promise<{ node: PbNode; unixfs: UnixfsData }> {
  if (cid.code !== DAG_PB) throw treeInvalid(cid, 'it is no part of a file')
  const node = scanNode(cid, await run.read(cid))
  const unixfs = unixfsOf(node)
  if (unixfs.type !== UNIXFS_FILE && unixfs.type !== UNIXFS_RAW) throw treeInvalid(cid, 'it is no file')
  checkTsize(node, tsize < 0 ? undefined : tsize)
  return { node, unixfs }
}
