import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { Entry } from '../../model/directory/directory.ts'
import { readFile } from '../../model/unixfs/file-content.ts'
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
  else yield* readFile(source, entry.cid, options)
}
