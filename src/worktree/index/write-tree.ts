import type { CID } from 'multiformats/cid'

import type { Block, BlockSource } from '../../model/block.ts'
import { buildEntries } from '../../model/directory/directory-build.ts'
import { toCid } from '../../model/directory/directory-read.ts'
import { updateDirectory } from '../../model/directory/directory.ts'
import { checkEntryName } from '../../model/directory/entry-name.ts'
import { ConflictError, IntegrityError, NotFoundError } from '../../model/errors.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import { fromByteString } from './byte-string.ts'
import { findChild, indexChildren } from './index-children.ts'
import { directoryKey, isKnown, knownDirectory, setKnown, staleDirectory } from './index-directories.ts'
import type { KnownDirectory } from './index-directories.ts'
import { FORM_RAW, FORM_SHIFT } from './index-entry.ts'
import type { StagingIndex } from './staging-index.ts'

/** CIDv1, codec raw, sha2-256 of 32 bytes: what comes before the digest. */
const RAW_PREFIX = Uint8Array.of(0x01, 0x55, 0x12, 0x20)
const RAW_CID_BYTES = 36

/**
 * Builds the directories of an index and returns its root: the tree that a commit of it has.
 *
 * Directories whose CID is known are taken as they are and not built; the others are built bottom-up, their blocks given
 * to `receive`, children before parents, and their CIDs remembered in the index, in place. A large directory of which
 * little changed is updated from what it was, where `source` still has that.
 *
 * Throws ConflictError `index-unmerged` (details: `paths`) while there are conflicts, InvalidError as `buildDirectory`.
 */
export async function writeTree(
  index: StagingIndex,
  receive: (block: Block) => void,
  source?: BlockSource,
): Promise<CID> {
  refuseUnmerged(index)
  const { directories } = index
  // Children stand after their parents: from the end, they are built before them.
  for (let directory = directories.first.length - 1; directory >= 0; directory--) {
    if (isKnown(directories, directory)) continue
    const updated = source === undefined ? undefined : await updateStale(index, directory, receive, source)
    setKnown(directories, directory, updated ?? buildAnew(index, directory, receive))
  }
  return (knownDirectory(directories, 0) as KnownDirectory).cid
}

function buildAnew(index: StagingIndex, directory: number, receive: (block: Block) => void): KnownDirectory {
  const root = buildEntries(linksOf(index, directory), receive)
  return { cid: toCid(root.cid), tsize: root.tsize }
}

async function updateStale(
  index: StagingIndex,
  directory: number,
  receive: (block: Block) => void,
  source: BlockSource,
): Promise<KnownDirectory | undefined> {
  const stale = staleDirectory(index.directories, directory)
  if (stale === undefined) return undefined
  const key = directoryKey(index.columns, index.directories, directory)
  const prefix = key === '' ? '' : `${key}/`
  const changes = stale.names.map((name) => ({ name: fromByteString(name), after: childAt(index, prefix + name) }))
  const blocks: Block[] = []
  try {
    const updated = await updateDirectory(source, stale.cid, changes, { onBlock: (block) => blocks.push(block) })
    for (const block of blocks) receive(block)
    return updated
  } catch (error) {
    // A tree that no commit holds may be gone by now.
    if (error instanceof NotFoundError || error instanceof IntegrityError) return undefined
    throw error
  }
}

/** What a path of the index stands for. */
function childAt(index: StagingIndex, key: string): KnownDirectory | undefined {
  const child = findChild(index, key)
  if (child === undefined) return undefined
  if (child.directory !== -1) return knownDirectory(index.directories, child.directory)
  return { cid: index.cid(child.position), tsize: index.columns.tsize[child.position] as number }
}

function linksOf(index: StagingIndex, directory: number): Link[] {
  const { columns, directories } = index
  const links: Link[] = []
  const prefixLength = directory === 0 ? 0 : (directories.pathLength[directory] as number) + 1
  for (const child of indexChildren(index, directory, prefixLength)) {
    const name = fromByteString(child.name)
    checkEntryName(name)
    if (child.directory !== -1) {
      const { cid, tsize } = knownDirectory(directories, child.directory) as KnownDirectory
      links.push({ name, cid: cid.bytes, tsize })
      continue
    }
    const tsize = columns.tsize[child.position] as number
    if ((((columns.bits[child.position] as number) >> FORM_SHIFT) & 0b11) !== FORM_RAW) {
      links.push({ name, cid: index.cid(child.position).bytes, tsize })
      continue
    }
    const cid = Buffer.allocUnsafe(RAW_CID_BYTES)
    cid.set(RAW_PREFIX)
    columns.digests.copy(cid, RAW_PREFIX.length, child.position * 32, child.position * 32 + 32)
    links.push({ name, cid, tsize })
  }
  return links
}

/** Throws ConflictError `index-unmerged` (details: `paths`) while there are conflicts. */
export function refuseUnmerged(index: StagingIndex): void {
  if (!index.isUnmerged()) return
  const paths = new Set<string>()
  for (let position = 0; position < index.count; position++) {
    if (index.stage(position) !== 0) paths.add(index.path(position))
  }
  const all = [...paths]
  const listed = all.slice(0, 3).join(', ') + (all.length > 3 ? `, and ${all.length - 3} more` : '')
  throw new ConflictError(
    'index-unmerged',
    `${paths.size === 1 ? 'a path is' : `${paths.size} paths are`} in conflict: ${listed}`,
    {
      hint: 'settle each and take it with `jzfs add PATH` or `jzfs rm PATH`; `jzfs status` lists them',
      details: { paths: all },
    },
  )
}
