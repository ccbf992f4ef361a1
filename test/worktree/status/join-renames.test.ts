import { expect, test } from 'vitest'

import { diffRevisions } from '../../../src/worktree/diff/find-diffs.ts'
import { renderNameStatus } from '../../../src/worktree/diff/render-changes.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree, type Leaf } from '../../support/memory-tree.ts'

async function nameStatus(before: Record<string, Leaf>, after: Record<string, Leaf>, options = {}): Promise<string> {
  const store = new MemoryBlocks() as never
  const trees = { before: buildTree(store, before), after: buildTree(store, after) }
  const diffs = await diffRevisions({ store }, trees, options)
  return diffs.map((diff) => renderNameStatus(diff, { zero: false })).join('')
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `line number ${1000 + from + at} of a text\n`).join('')

test('a file that moved and changed a little is a renamed one', async () => {
  const [before, after] = [
    { a: lines(0, 100), b: 'other\n' },
    { c: lines(0, 95), b: 'other\n' },
  ]
  expect(await nameStatus(before, after)).toBe('R095\ta\tc\n')
  expect(await nameStatus(before, after, { similarity: 0.96 })).toBe('D\ta\nA\tc\n')
  expect(await nameStatus(before, after, { renames: false })).toBe('D\ta\nA\tc\n')
  expect(await nameStatus(before, after, { isReversed: true })).toBe('R095\tc\ta\n')
})

test('what is no text is renamed only as it is', async () => {
  const binary = (text: string) => `\0${text}`
  const [before, after] = [
    { a: binary(lines(0, 100)), b: '\0x' },
    { c: binary(lines(0, 99)), d: '\0x' },
  ]
  expect(await nameStatus(before, after)).toBe('D\ta\nA\tc\nR100\tb\td\n')
})
