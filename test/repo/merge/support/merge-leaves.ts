import type { CID } from 'multiformats/cid'

import type { NodeEntry } from '../../../../src/model/tree/tree-diff.ts'
import { walkTree } from '../../../../src/model/tree/tree-walk.ts'
import { readFile } from '../../../../src/model/unixfs/file-content.ts'
import { mergeTrees } from '../../../../src/repo/merge/merge-trees.ts'
import type { MergeOptions, TreeMerge } from '../../../../src/repo/merge/tree-merge.ts'
import { MemoryBlocks } from '../../../support/memory-blocks.ts'
import { buildTree, type Leaf } from '../../../support/memory-tree.ts'

/** Leaves of a tree by path. */
export type Leaves = Record<string, Leaf>

/** A merge as it reads: files by path, and conflicts with the contents of their stages. */
export interface ReadMerge {
  files: Record<string, string>
  conflicts: Record<string, { kind: string; base?: string; ours?: string; theirs?: string; artefact?: string }>
  merge: TreeMerge
}

/** Merges trees that are given by their leaves; without a base they have nothing in common. */
export async function mergeLeaves(
  trees: { base?: Leaves; ours: Leaves; theirs: Leaves },
  options?: MergeOptions,
): Promise<ReadMerge> {
  const blocks = new MemoryBlocks()
  const versions = {
    base: trees.base && buildTree(blocks, trees.base),
    ours: buildTree(blocks, trees.ours),
    theirs: buildTree(blocks, trees.theirs),
  }
  const merge = await mergeTrees(blocks, blocks.put.bind(blocks), versions, options)
  return { ...(await readMerge(blocks, merge)), merge }
}

/** Reads the files of a merged tree, and those in conflict. */
export async function readMerge(blocks: MemoryBlocks, merge: TreeMerge): Promise<Omit<ReadMerge, 'merge'>> {
  const files: ReadMerge['files'] = {}
  for await (const { path, entry, node } of walkTree(blocks, merge.tree)) {
    files[path] = await textOf(blocks, { ...entry, node })
  }
  const conflicts: ReadMerge['conflicts'] = {}
  for (const { path, kind, stages, artefact } of merge.conflicts) {
    const texts: [string, string][] = []
    for (const [version, entry] of Object.entries(stages)) texts.push([version, await textOf(blocks, entry)])
    conflicts[path] = { kind, ...Object.fromEntries(texts), ...(artefact && { artefact: artefact.path }) }
  }
  return { files, conflicts }
}

/** The content; behind a symlink's or an executable's comes what it is, and a directory is only that. */
async function textOf(blocks: MemoryBlocks, { cid, node }: { cid: CID; node: NodeEntry['node'] }): Promise<string> {
  if (node.kind === 'directory') return '(directory)'
  if (node.kind === 'symlink') return `${node.target} (symlink)`
  const pieces: Uint8Array[] = []
  for await (const piece of readFile(blocks, cid)) pieces.push(piece)
  return `${Buffer.concat(pieces).toString()}${node.kind === 'executable' ? ' (executable)' : ''}`
}
