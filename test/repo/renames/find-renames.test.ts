import { expect, test } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { findRenames, type RenameSide } from '../../../src/repo/renames/find-renames.ts'

function side(path: string, content: string, kind: RenameSide['kind'] = 'file'): RenameSide {
  return { path, kind, contentCid: cidOf(RAW, Buffer.from(content)), size: content.length }
}

async function pairs(removed: RenameSide[], added: RenameSide[], likeness: Record<string, number> = {}) {
  const asked: string[] = []
  const { renames, isLimited } = await findRenames(removed, added, {
    limit: 2,
    estimate: async (before, after) => {
      asked.push(`${before.path} ${after.path}`)
      return likeness[`${before.path} ${after.path}`] ?? 0
    },
  })
  return { renames: renames.map(({ before, after }) => `${before.path} -> ${after.path}`), isLimited, asked }
}

test('one content is one file: of its own name first, else the first', async () => {
  const removed = [side('a/x', 'same'), side('b/y', 'same'), side('c/z', 'same')]
  const added = [side('d/y', 'same'), side('e', 'same'), side('f/z', 'same'), side('g', 'same')]
  expect((await pairs(removed, added)).renames).toEqual(['b/y -> d/y', 'a/x -> e', 'c/z -> f/z'])
})

test('as git: the first added path chooses first, also where a later one has the name', async () => {
  expect((await pairs([side('x/a', 'same')], [side('b', 'same'), side('z/a', 'same')])).renames).toEqual(['x/a -> b'])
})

test('empty files and directories are no renames, and a symlink is no file', async () => {
  const removed = [side('a', ''), side('b', 'd', 'directory'), side('c', 'target', 'symlink')]
  const added = [side('d', ''), side('e', 'd', 'directory'), side('f', 'target'), side('g', 'target', 'symlink')]
  expect(await pairs(removed, added)).toEqual({ renames: ['c -> g'], isLimited: false, asked: [] })
})

test('a mode that changed is no other content', async () => {
  expect((await pairs([side('a', 'x')], [side('b', 'x', 'executable')])).renames).toEqual(['a -> b'])
})

test('a name of its own goes before a better match', async () => {
  const likeness = { 'a/name b/name': 0.8, 'a/name c': 0.99, 'd/other c': 0.6 }
  const found = await pairs(
    [side('a/name', '1'), side('d/other', '2')],
    [side('b/name', '3'), side('c', '4')],
    likeness,
  )
  expect(found.renames).toEqual(['a/name -> b/name', 'd/other -> c'])
})

test('the most alike go first, and each side is used once', async () => {
  const likeness = { 'a c': 0.9, 'b c': 0.95, 'a d': 0.5, 'b d': 0.7 }
  const found = await pairs([side('a', '1'), side('b', '2')], [side('c', '3'), side('d', '4')], likeness)
  expect(found.renames).toEqual(['b -> c', 'a -> d'])
  expect((await pairs([side('a', '1')], [side('c', '3')], { 'a c': 0.49 })).renames).toEqual([])
})

test('above the limit only exact renames and names are looked at', async () => {
  const removed = [side('a', '1'), side('b', '2'), side('x/n', '5')]
  const added = [side('c', '3'), side('d', '4'), side('e', '1'), side('f', '6'), side('y/n', '7')]
  const found = await pairs([...removed, side('z', '8')], added, { 'x/n y/n': 0.76 })
  expect(found).toEqual({ renames: ['a -> e', 'x/n -> y/n'], isLimited: true, asked: ['x/n y/n'] })
})

test('many thousand paths of one content are paired in linear time', async () => {
  const removed = Array.from({ length: 20_000 }, (_, at) => side(`a/${at}`, 'same'))
  const added = Array.from({ length: 20_000 }, (_, at) => side(`b/${at % 2 === 0 ? at : `new${at}`}`, 'same'))
  expect((await findRenames(removed, added)).renames).toHaveLength(20_000)
})
