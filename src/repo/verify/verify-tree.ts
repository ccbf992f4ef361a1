import type { CID } from 'multiformats/cid'

import { DAG_PB, RAW } from '../../model/cid.ts'
import {
  checkDirectory,
  checkTsize,
  declaredTsize,
  type DirectoryNode,
  unixfsOf,
} from '../../model/directory/directory-node.ts'
import { toCid } from '../../model/directory/directory-read.ts'
import { isReservedName } from '../../model/directory/entry-name.ts'
import { MAX_PATH_DEPTH } from '../../model/limits.ts'
import { treeInvalid } from '../../model/tree/tree-invalid.ts'
import { type Link, scanNode } from '../../model/unixfs/dag-pb.ts'
import { readNode } from '../../model/unixfs/node.ts'
import { UNIXFS_FILE, UNIXFS_RAW, UNIXFS_SYMLINK } from '../../model/unixfs/unixfs-data.ts'
import { readEntries } from './verify-directory.ts'
import { verifyFile } from './verify-file.ts'
import { BAD, type VerifyFinding, type VerifyPlace, type VerifyRun } from './verify-run.ts'

interface Level {
  directory: CID
  path: string
  entries: Iterator<Link>
}

/**
 * Verifies a tree, or a file, and all below it that the run has not seen. A place without a path is that of a root; `tsize`
 * is what is declared of it.
 */
export async function* verifyTree(
  run: VerifyRun,
  root: CID,
  place: VerifyPlace,
  tsize?: number,
): AsyncGenerator<VerifyFinding> {
  const stack = toArray(await verifyEntry(run, root, tsize, { ...place, path: place.path ?? '' }))
  yield* run.take()
  for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
    const { done, value: link } = level.entries.next()
    if (done === true) {
      stack.pop()
      continue
    }
    const below = { ...place, path: level.path === '' ? link.name : `${level.path}/${link.name}` }
    const entered = await verifyNamed(run, level.directory, link, below, stack.length)
    if (entered !== undefined) stack.push(entered)
    yield* run.take()
  }
}

function toArray(level: Level | undefined): Level[] {
  return level === undefined ? [] : [level]
}

async function verifyNamed(run: VerifyRun, directory: CID, link: Link, place: VerifyPlace, depth: number) {
  await run.attempt(directory, place, () => {
    if (isReservedName(link.name)) throw treeInvalid(directory, 'the name is kept for the repository itself', link.name)
    if (depth > MAX_PATH_DEPTH) throw treeInvalid(directory, `directories lie deeper than ${MAX_PATH_DEPTH}`)
  })
  return depth > MAX_PATH_DEPTH ? undefined : verifyEntry(run, toCid(link.cid), link.tsize, place)
}

/** Verifies one entry; returns its own entries where it is a directory that was not seen. */
async function verifyEntry(
  run: VerifyRun,
  cid: CID,
  tsize: number | undefined,
  place: VerifyPlace,
): Promise<Level | undefined> {
  if (cid.code === RAW) {
    if (!run.isLeafMet(cid.multihash.digest)) run.progress.files++
    await run.readLeaf(cid, tsize, place)
    return undefined
  }
  let directory: DirectoryNode | undefined
  await run.attempt(cid, place, async () => {
    directory = await verifyNode(run, cid, tsize, place)
  })
  if (directory === undefined) return undefined
  run.progress.directories++
  const entries = await readEntries(run, directory, place)
  return { directory: cid, path: place.path ?? '', entries: entries[Symbol.iterator]() }
}

/** Verifies the root block of a dag-pb entry, and the file behind it; a directory is returned, to be gone into. */
async function verifyNode(
  run: VerifyRun,
  cid: CID,
  tsize: number | undefined,
  place: VerifyPlace,
): Promise<DirectoryNode | undefined> {
  if (cid.code !== DAG_PB) throw treeInvalid(cid, 'it is neither file nor directory')
  const { digest } = cid.multihash
  const known = run.nodes.get(digest)
  if (known !== undefined) {
    if (known === BAD || tsize === undefined || known === tsize) return undefined
    throw treeInvalid(cid, `its link says ${tsize} bytes, it adds up to ${known}`)
  }
  run.nodes.set(digest, BAD)
  const bytes = await run.read(cid)
  const node = scanNode(cid, bytes)
  run.nodes.set(digest, declaredTsize(node))
  await run.attempt(cid, place, () => checkTsize(node, tsize))
  const unixfs = unixfsOf(node)
  if (unixfs.type === UNIXFS_FILE || unixfs.type === UNIXFS_RAW) {
    run.progress.files++
    await verifyFile(run, node, unixfs, place)
    return undefined
  }
  if (unixfs.type !== UNIXFS_SYMLINK) return checkDirectory(node, unixfs)
  run.progress.files++
  await readNode({ get: async () => bytes }, { cid })
  return undefined
}
