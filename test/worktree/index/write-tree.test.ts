import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { buildDirectory } from '../../../src/model/directory/directory.ts'
import { decodeIndex, encodeIndex } from '../../../src/worktree/index/index-codec.ts'
import type { IndexEntry } from '../../../src/worktree/index/index-entry.ts'
import { emptyIndex, updateIndex } from '../../../src/worktree/index/index-update.ts'
import type { StagingIndex } from '../../../src/worktree/index/staging-index.ts'
import { writeTree } from '../../../src/worktree/index/write-tree.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { entryArbitrary } from '../support/index-arbitraries.ts'
import { createSeededRandom } from '../support/seeded-random.ts'

/** The tree of entries, built by the model in the plainest way. */
function naiveTree(entries: readonly { path: string; cid: IndexEntry['cid']; tsize: number }[]): {
  cid: IndexEntry['cid']
  tsize: number
} {
  const groups = Map.groupBy(entries, ({ path }) => path.split('/', 1)[0] as string)
  return buildDirectory(
    Array.from(groups, ([name, group]) => {
      const [first] = group as [IndexEntry]
      if (first.path === name) return { name, cid: first.cid, tsize: first.tsize }
      const below = group.map((entry) => ({ ...entry, path: entry.path.slice(name.length + 1) }))
      return { name, ...naiveTree(below) }
    }),
  )
}

function reread(index: StagingIndex): StagingIndex {
  const bytes = Buffer.concat(encodeIndex(index))
  const own = Buffer.allocUnsafeSlow(bytes.length)
  own.set(bytes)
  return decodeIndex(own)
}

const fileEntry = (path: string, content: number): IndexEntry => {
  const cid = cidOf(RAW, Buffer.from(`${content}`))
  const stamp = { mtimeNs: 1n, ctimeNs: 1n, inode: 1n }
  return { ...stamp, path, stage: 0, kind: 'file', cid, contentCid: cid, size: 1, tsize: 1, racy: false }
}

describe('write-tree', () => {
  test('gives the tree that a build from scratch gives, before and after changes', async () => {
    const roundsArbitrary = fc.array(fc.array(entryArbitrary, { maxLength: 8 }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(roundsArbitrary, async (rounds) => {
        let index = emptyIndex()
        for (const round of rounds) {
          for (const entry of round) index = updateIndex(index, [{ path: entry.path, entries: [entry] }])
          const tree = await writeTree(index, () => {})
          expect(tree.toString()).toBe(naiveTree([...index.entries()]).cid.toString())
          index = reread(index)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('builds only what changed', async () => {
    const paths = ['a/b/c/x', 'a/b/y', 'a/z', 'd/e/x', 'f']
    const index = updateIndex(
      emptyIndex(),
      paths.map((path) => ({ path, entries: [fileEntry(path, 1)] })),
    )
    let built = 0
    const count = (): void => void built++
    await writeTree(index, count)
    expect(built).toBe(6)
    built = 0
    await writeTree(reread(index), count)
    expect(built).toBe(0)
    await writeTree(reread(updateIndex(index, [{ path: 'a/b/y', entries: [fileEntry('a/b/y', 2)] }])), count)
    expect(built).toBe(3)
  })

  test('updates a large directory from what it was, with the CID of a build from scratch', async () => {
    const random = createSeededRandom(3)
    const blocks = new MemoryBlocks()
    const name = (): string =>
      `large/${random.pick(['', '', '', 'sub/'])}${'long-name-'.repeat(8)}${random.below(4000)}`
    const all = Array.from({ length: 3500 }, (_, at) => `large/${'long-name-'.repeat(8)}${at}`)
    let index = updateIndex(
      emptyIndex(),
      all.map((path) => ({ path, entries: [fileEntry(path, 0)] })),
    )
    await writeTree(index, (block) => blocks.put(block))
    for (let round = 0; round < 12; round++) {
      for (let edits = 1 + random.below(3); edits > 0; edits--) {
        const batch = Array.from({ length: 1 + random.below(4) }, () => name())
        index = updateIndex(
          index,
          batch.map((path) => ({ path, entries: random.chance(0.4) ? [] : [fileEntry(path, 1 + round)] })),
        )
        index = reread(index)
      }
      let built = 0
      const tree = await writeTree(
        index,
        (block) => {
          built++
          blocks.put(block)
        },
        blocks,
      )
      expect(tree.toString(), `round ${round}`).toBe(naiveTree([...index.entries()]).cid.toString())
      expect(built).toBeLessThan(60)
    }
    // Without the old blocks it is built anew.
    const last = name()
    index = updateIndex(index, [{ path: last, entries: [fileEntry(last, 77)] }])
    const tree = await writeTree(index, () => {}, new MemoryBlocks())
    expect(tree.toString()).toBe(naiveTree([...index.entries()]).cid.toString())
  })
})
