import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import type { Entry } from '../../model/directory/directory.ts'
import { leafContent, readFile } from '../../model/unixfs/file-content.ts'
import type { TreeNode } from '../../model/unixfs/node.ts'

/** A file or symlink of a tree, and what its node says. */
export interface EntryContent {
  entry: Pick<Entry, 'cid'>
  node: TreeNode
}

/** The bytes of a file, or of a symlink's target, in pieces. */
export async function* contentBytes(
  source: BlockSource,
  { entry, node }: EntryContent,
  options: AbortOptions = {},
): AsyncGenerator<Uint8Array> {
  if (node.kind === 'symlink') yield Buffer.from(node.target ?? '')
  // Of a single leaf the size is known: else it is read twice, once to learn it.
  else yield* readFile(source, entry.cid, { ...options, tsize: entry.cid.code === RAW ? node.size : undefined })
}

/** The bytes of a file of one leaf, or of a symlink's target; undefined for what comes in pieces, or may. */
export async function wholeContent(
  source: BlockSource,
  { entry, node }: EntryContent,
  options: AbortOptions = {},
): Promise<Uint8Array | undefined> {
  if (node.kind === 'symlink') return Buffer.from(node.target ?? '')
  if (entry.cid.code !== RAW) return undefined
  const leaf = { cid: entry.cid, size: node.size }
  return leafContent(leaf, source.getSync?.(leaf.cid) ?? (await source.get(leaf.cid, options)))
}
