import { expect, test } from 'vitest'

import { blame, type BlameOptions } from '../../../src/repo/blame/blame.ts'
import { createCommitGraph } from '../../../src/repo/history/commit-graph.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { blameOfGit, makeTextHistory, storeTextHistory, type TextHistoryShape } from './blame-histories.ts'

/** Blames the files of the last commits, both ways; the number of lines. */
async function compareWithGit(shape: TextHistoryShape): Promise<number> {
  const made = makeTextHistory(shape)
  const { source, cids, git } = storeTextHistory(temporaryFolder(), made)
  const graph = createCommitGraph(source)
  const positions = new Map(cids.map((cid, at) => [cid.toString(), at]))
  let lines = 0
  for (const [at, commit] of [...cids.entries()].slice(-3)) {
    for (const path of (made[at] as (typeof made)[number]).files.keys()) {
      const { blamed } = await blame({ store: source, graph }, { commit, path })
      const ours = blamed.flatMap(({ commit, line, count, path, previous }) => {
        const position = positions.get(commit ?? '')
        return Array.from(
          { length: count },
          (_, nth) => `${position} ${line + nth + 1} ${path} ${previous?.path ?? ''}`,
        )
      })
      const theirs = blameOfGit(git, [`c${at}`, '--', path])
      expect({ shape, at, path, blame: ours }).toEqual({ shape, at, path, blame: theirs })
      lines += theirs.length
    }
  }
  return lines
}

test.each<TextHistoryShape>([
  { seed: 1, commits: 40 },
  { seed: 2, commits: 40 },
  { seed: 3, commits: 40 },
  { seed: 4, commits: 40 },
  { seed: 5, commits: 60, distinct: 5 },
  { seed: 6, commits: 60, distinct: 50 },
])('lines are blamed on whom git blames: %j', async (shape) => {
  expect(await compareWithGit(shape)).toBeGreaterThan(5)
})

/** A history of one file `a`, and what is blamed in a text after the last commit. */
async function blameLocal(texts: readonly string[], bytes: string, options: BlameOptions = {}) {
  const made = texts.map((text, at) => ({ parents: at === 0 ? [] : [at - 1], files: new Map([['a', [text]]]) }))
  const { source, cids } = storeTextHistory(temporaryFolder(), made)
  const start = { path: 'a', commit: undefined, parents: cids.slice(-1), bytes: Buffer.from(bytes) }
  const { blamed } = await blame({ store: source, graph: createCommitGraph(source) }, start, options)
  return blamed.map(({ start, count, commit, isBoundary }) => {
    return [start, count, commit && cids.findIndex((cid) => cid.toString() === commit), isBoundary]
  })
}

test('lines that are in no commit yet', async () => {
  expect(await blameLocal(['a\nb\n', 'a\nb\nc\n'], 'a\nnew\nb\nc\n')).toEqual([
    [0, 1, 0, true],
    [1, 1, undefined, false],
    [2, 1, 0, true],
    [3, 1, 1, false],
  ])
  expect(await blameLocal(['a\n'], 'a\n')).toEqual([[0, 1, 0, true]])
})

test('white space can be ignored', async () => {
  const texts = ['a b\nc\n', ' a  b\nc\t\nd\n']
  expect(await blameLocal(texts, 'ab\r\nc\nd\n', { ignoresSpace: true })).toEqual([
    [0, 2, 0, true],
    [2, 1, 1, false],
  ])
})

test('of some lines only', async () => {
  const ranges = () => [
    { start: 0, end: 1 },
    { start: 2, end: 3 },
  ]
  expect(await blameLocal(['a\nb\nc\nd\n'], 'a\nb\nc\nd\n', { ranges })).toEqual([
    [0, 1, 0, true],
    [2, 1, 0, true],
  ])
})

test('a file that no parent has is not blamed', async () => {
  const source = new MemoryBlocks()
  const start = { path: 'a', commit: undefined, parents: [], bytes: Buffer.from('a\n') }
  const blamed = blame({ store: source, graph: createCommitGraph(source) }, start)
  await expect(blamed).rejects.toMatchObject({ code: 'path-not-found' })
})
