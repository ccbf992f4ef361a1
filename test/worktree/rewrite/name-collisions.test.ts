import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { findNameCollisions } from '../../../src/worktree/rewrite/name-collisions.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree } from '../../support/memory-tree.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent } from '../support/folder-content.ts'
import { add, commitHere, openTestRepository, PERSON } from '../support/repository.ts'

const find = (paths: readonly string[], caseSensitive: boolean, normalizationSensitive: boolean) => {
  const blocks = new MemoryBlocks()
  const tree = buildTree(blocks, Object.fromEntries(paths.map((path) => [path, 'x'])))
  return findNameCollisions(blocks, tree, { caseSensitive, normalizationSensitive })
}

test('names that differ in case collide where case is not told apart', async () => {
  const paths = ['a', 'A', 'b/x', 'b/X', 'c/x', 'd/x', 'straße', 'STRASSE']
  expect(await find(paths, false, true)).toEqual([
    ['A', 'a'],
    ['b/X', 'b/x'],
    ['STRASSE', 'straße'],
  ])
  expect(await find(paths, true, false)).toEqual([])
})

test('folders collide too, once, and files with folders', async () => {
  expect(await find(['Data/a', 'Data/b', 'data/c', 'data/d', 'x', 'X/y'], false, true)).toEqual([
    ['Data', 'data'],
    ['X', 'x'],
  ])
})

test('names that differ in normalisation collide where that is not told apart', async () => {
  const paths = ['caf\u00e9', 'cafe\u0301', 'CAF\u00c9']
  expect(await find(paths, true, false)).toEqual([['cafe\u0301', 'caf\u00e9']])
  expect(await find(paths, false, false)).toHaveLength(2)
  expect(await find(paths, true, true)).toEqual([])
})

test('switch refuses such a tree, and writes nothing', async () => {
  const top = temporaryFolder()
  const repository = await openTestRepository(top)
  onTestFinished(() => repository.close())
  const options = { command: 'switch', person: PERSON }
  await switchTo(repository, { create: 'first' }, options)
  writeFileSync(join(top, 'a'), '')
  await add(repository)
  await commitHere(repository)
  await switchTo(repository, { create: 'other' }, options)
  mkdirSync(join(top, 'd'))
  for (const name of ['A', 'd/x', 'd/X']) writeFileSync(join(top, name), '')
  await add(repository)
  await commitHere(repository)
  await switchTo(repository, { branch: 'first' }, options)
  await repository.config.set('core.caseSensitive', 'false', 'repository')
  await expect(switchTo(repository, { branch: 'other' }, options)).rejects.toMatchObject({
    code: 'names-collide',
    details: {
      collisions: [
        ['A', 'a'],
        ['d/X', 'd/x'],
      ],
    },
  })
  expect(folderContent(top)).toEqual({ a: '644 ' })
})
