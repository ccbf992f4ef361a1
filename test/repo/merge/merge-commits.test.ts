import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'

import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { dateOf } from '../../../src/model/commit/date.ts'
import { createCommitGraph } from '../../../src/repo/history/commit-graph.ts'
import { mergeCommits } from '../../../src/repo/merge/merge-commits.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree } from '../../support/memory-tree.ts'
import { type Leaves, readMerge, type ReadMerge } from './support/merge-leaves.ts'

/** Makes commits in memory, one a minute, and merges them. */
function createHistory() {
  const blocks = new MemoryBlocks()
  let count = 0
  return {
    commit(leaves: Leaves, ...parents: CID[]): CID {
      const by = { name: 'A', email: 'a@x', date: dateOf(new Date((1_600_000_000 + 60 * count++) * 1000), 0) }
      const tree = buildTree(blocks, leaves)
      const commit = encodeCommit({ tree, parents, author: by, committer: by, message: 'x' })
      blocks.put(commit)
      return commit.cid
    },
    async merge(ours: CID, theirs: CID): Promise<Omit<ReadMerge, 'merge'> & { bases: CID[] }> {
      const made = new MemoryBlocks()
      const source = { store: blocks, graph: createCommitGraph(blocks) }
      const merge = await mergeCommits(source, made.put.bind(made), { ours, theirs })
      // What is in the tree or a stage was made, or was there: nothing of a virtual base is missing.
      const both = new MemoryBlocks()
      both.get = (cid) => made.get(cid).catch(() => blocks.get(cid))
      return { ...(await readMerge(both, merge)), bases: merge.bases }
    },
  }
}

test('histories that have nothing in common have no base', async () => {
  const { commit, merge } = createHistory()
  const { bases, files, conflicts } = await merge(commit({ x: 'x', a: '1' }), commit({ x: 'x', a: '2' }))
  expect(bases).toEqual([])
  expect(conflicts).toEqual({ a: { kind: 'add-add', ours: '1', theirs: '2' } })
  expect(files['x']).toBe('x')
})

test('after criss-cross merges the base is made of all of them', async () => {
  const { commit, merge } = createHistory()
  const root = commit({ x: 'a\nb\nc\nd\ne\nf\ng\n' })
  const one = commit({ x: 'one\nb\nc\nd\ne\nf\ng\n' }, root)
  const other = commit({ x: 'a\nb\nc\nd\ne\nf\nother\n' }, root)
  const both = 'one\nb\nc\nd\ne\nf\nother\n'
  const left = commit({ x: both.replace('c', 'left') }, one, other)
  const right = commit({ x: both.replace('\ne\n', '\nright\n') }, other, one)
  const { bases, files, conflicts } = await merge(left, right)
  expect(bases.map(String)).toEqual([other, one].map(String))
  expect(conflicts).toEqual({})
  expect(files).toEqual({ x: both.replace('c', 'left').replace('\ne\n', '\nright\n') })
})

test('what was in conflict between several bases is marked in the base', async () => {
  const { commit, merge } = createHistory()
  const root = commit({ x: 'a\nb\nc\n' })
  const one = commit({ x: 'a\none\nc\n' }, root)
  const other = commit({ x: 'a\nother\nc\n' }, root)
  const left = commit({ x: 'a\nleft\nc\n' }, one, other)
  const right = commit({ x: 'a\nright\nc\n' }, other, one)
  const { files, conflicts } = await merge(left, right)
  const base = 'a\n<<<<<<<<< Temporary merge branch 1\none\n=========\nother\n>>>>>>>>> Temporary merge branch 2\nc\n'
  expect(conflicts).toEqual({ x: { kind: 'content', base, ours: 'a\nleft\nc\n', theirs: 'a\nright\nc\n' } })
  expect(files).toEqual({ x: 'a\n<<<<<<< ours\nleft\n=======\nright\n>>>>>>> theirs\nc\n' })
})

test('of two symlinks that came from a file the base of several is the file', async () => {
  const { commit, merge } = createHistory()
  const root = commit({ x: 'file\n', z: 'z' })
  const one = commit({ x: { link: 'one' }, z: 'z' }, root)
  const other = commit({ x: { link: 'other' }, z: 'z' }, root)
  const left = commit({ x: { link: 'left' }, z: 'z' }, one, other)
  const right = commit({ z: 'z' }, other, one)
  const { conflicts } = await merge(left, right)
  expect(conflicts).toEqual({ x: { kind: 'modify-delete', base: 'file\n', ours: 'left (symlink)' } })
})
