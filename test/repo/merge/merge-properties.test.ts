import fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'

import type { NodeEntry } from '../../../src/model/tree/tree-diff.ts'
import { walkTree } from '../../../src/model/tree/tree-walk.ts'
import { readFile } from '../../../src/model/unixfs/file-content.ts'
import { mergeTrees } from '../../../src/repo/merge/merge-trees.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree, type Leaf } from '../../support/memory-tree.ts'
import { createFork, MOVED } from './support/random-histories.ts'

interface Fork {
  blocks: MemoryBlocks
  base: CID
  ours: CID
  theirs: CID
}

/** Three trees with files, symlinks and empty directories; all lines of all files are distinct. */
const forks = fc.tuple(fc.nat(), fc.nat(7)).map(([seed, empty]): Fork => {
  const blocks = new MemoryBlocks()
  const [base, ours, theirs] = createFork(seed, MOVED).map(({ leaves }, at) => {
    const isEmpty = (empty & (1 << at)) !== 0 && [...leaves.keys()].every((path) => !/^new0\/?/.test(path))
    return buildTree(blocks, { ...Object.fromEntries(leaves), ...(isEmpty && { new0: EMPTY }) })
  }) as [CID, CID, CID]
  return { blocks, base, ours, theirs }
})

const EMPTY: Leaf = { folder: true }

const merge = ({ blocks, base, ours, theirs }: Fork) =>
  mergeTrees(blocks, blocks.put.bind(blocks), { base, ours, theirs })

async function linesOf(blocks: MemoryBlocks, { cid, node }: Pick<NodeEntry, 'cid' | 'node'>): Promise<string[]> {
  if (node.kind === 'directory') return []
  if (node.kind === 'symlink') return [node.target ?? '']
  const pieces: Uint8Array[] = []
  for await (const piece of readFile(blocks, cid)) pieces.push(piece)
  return Buffer.concat(pieces).toString().replaceAll('\0', '').split('\n')
}

async function linesBelow(blocks: MemoryBlocks, tree: CID): Promise<Set<string>> {
  const lines = new Set<string>()
  for await (const { entry, node } of walkTree(blocks, tree)) {
    for (const line of await linesOf(blocks, { ...entry, node })) lines.add(line)
  }
  return lines
}

const check = (holds: (fork: Fork) => Promise<void>) => fc.assert(fc.asyncProperty(forks, holds), { numRuns: 40 })

test('what both sides have is the merged tree, and what one side alone changed', () =>
  check(async ({ blocks, base, ours, theirs }) => {
    for (const trees of [
      { base, ours, theirs: ours },
      { base, ours, theirs: base },
      { base: theirs, ours: theirs, theirs: ours },
    ]) {
      const { tree, conflicts } = await merge({ blocks, ...trees })
      expect({ conflicts, tree }).toEqual({ conflicts: [], tree: ours })
    }
  }))

test('it does not matter for the verdict who is ours', () =>
  check(async (fork) => {
    const one = await merge(fork)
    const other = await merge({ ...fork, ours: fork.theirs, theirs: fork.ours })
    expect(other.conflicts.length === 0).toBe(one.conflicts.length === 0)
    if (one.conflicts.length === 0) expect(other.tree).toEqual(one.tree)
  }))

test('no line that a side wrote is lost: it is in the merged tree or in a version of a conflict', () =>
  check(async (fork) => {
    const { blocks, base, ours, theirs } = fork
    const { tree, conflicts } = await merge(fork)
    const kept = await linesBelow(blocks, tree)
    for (const { stages } of conflicts) {
      for (const entry of Object.values(stages)) for (const line of await linesOf(blocks, entry)) kept.add(line)
    }
    const before = await linesBelow(blocks, base)
    for (const side of [ours, theirs]) {
      const lost = [...(await linesBelow(blocks, side))].filter((line) => !before.has(line) && !kept.has(line))
      expect(lost).toEqual([])
    }
  }))

test('every path of a conflict is in the merged tree as it says', () =>
  check(async (fork) => {
    const { tree, conflicts } = await merge(fork)
    const found = new Map<string, string>()
    for await (const { path, entry } of walkTree(fork.blocks, tree)) found.set(path, entry.cid.toString())
    for (const { path, entry, artefact } of conflicts) {
      expect({ path, cid: found.get(path) }).toEqual({ path, cid: entry?.cid.toString() })
      if (artefact !== undefined) expect(found.has(artefact.path)).toBe(false)
    }
  }))
