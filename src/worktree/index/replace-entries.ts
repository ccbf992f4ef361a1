import type { IndexDirectories } from './index-directories.ts'
import { ASCII, bitsOfKind, FORM_SHIFT, FORM_WHOLE, formOfCid, type IndexEntry, RACY } from './index-entry.ts'
import { NO_EXTRAS } from './index-extras.ts'
import type { IndexColumns, StagingIndex } from './staging-index.ts'

/** What stands in the place of an entry. */
export interface Replacement {
  position: number
  entry: IndexEntry
}

/**
 * The columns of an index with entries in the place of others of the same paths, where only that is to be done and nothing
 * has to do with the extras; else undefined. Paths are shared, and the directories begin and end where they did: none of
 * them is known any more.
 */
export function replaceEntries(
  { columns, directories }: StagingIndex,
  replacements: readonly Replacement[],
): { columns: IndexColumns; directories: IndexDirectories } | undefined {
  if (columns.extras.entry.length > 0 || replacements.some(({ entry }) => needsExtras(entry))) return undefined
  const { size, tsize, mtimeNs, ctimeNs, inode, bits, digests } = columns
  const replaced: IndexColumns = {
    ...columns,
    size: size.slice(),
    tsize: tsize.slice(),
    mtimeNs: mtimeNs.slice(),
    ctimeNs: ctimeNs.slice(),
    inode: inode.slice(),
    bits: bits.slice(),
    digests: Buffer.from(digests),
  }
  for (const { position, entry } of replacements) replaceEntry(replaced, position, entry)
  const count = directories.first.length
  const forgotten = { tsize: new Float64Array(count), bits: new Uint8Array(count), digests: Buffer.alloc(count * 32) }
  return { columns: replaced, directories: { ...directories, ...forgotten, extras: NO_EXTRAS } }
}

function needsExtras({ cid, contentCid }: IndexEntry): boolean {
  return formOfCid(cid) === FORM_WHOLE || (contentCid !== cid && !contentCid.equals(cid))
}

function replaceEntry(columns: IndexColumns, position: number, entry: IndexEntry): void {
  const isAscii = ((columns.bits[position] as number) & ASCII) !== 0
  const form = formOfCid(entry.cid) << FORM_SHIFT
  columns.bits[position] = bitsOfKind(entry.kind) | form | (entry.racy ? RACY : 0) | (isAscii ? ASCII : 0)
  columns.size[position] = entry.size
  columns.tsize[position] = entry.tsize
  columns.mtimeNs[position] = entry.mtimeNs
  columns.ctimeNs[position] = entry.ctimeNs
  columns.inode[position] = entry.inode
  columns.digests.set(entry.cid.multihash.digest, position * 32)
}
