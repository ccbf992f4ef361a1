import { describe, expect, test } from 'vitest'

import { mergeLeaves } from './support/merge-leaves.ts'

const lines = (from: number, count = 20) => Array.from({ length: count }, (_, at) => `line ${from + at}\n`).join('')
const text = lines(100)
const edited = text.replace('line 105\n', 'line of theirs\n')
const editedByOurs = text.replace('line 115\n', 'line of ours\n')

describe('a file that one side moved', () => {
  test('takes what the other side changed with it: content and mode', async () => {
    const { files, conflicts } = await mergeLeaves({
      base: { 'a/x': text, z: 'z' },
      ours: { 'b/y': { executable: editedByOurs }, z: 'z' },
      theirs: { 'a/x': edited, z: 'z' },
    })
    expect(conflicts).toEqual({})
    expect(files).toEqual({ 'b/y': `${edited.replace('line 115\n', 'line of ours\n')} (executable)`, z: 'z' })
  })

  test('is not followed where renames are not, nor where it is less alike than is asked', async () => {
    const trees = { base: { x: text }, ours: { y: editedByOurs }, theirs: { x: edited } }
    for (const options of [{ renames: false }, { similarity: 0.99 }, { similarity: 1 }]) {
      const { conflicts } = await mergeLeaves(trees, options)
      expect(conflicts).toEqual({ x: { kind: 'delete-modify', base: text, theirs: edited } })
    }
  })

  test('is the one of its name, then the first by path, of several with one content', async () => {
    const base = { 'a/x': text, 'b/x': text }
    const { files } = await mergeLeaves({
      base,
      ours: { 'c/x': text, 'c/y': text },
      theirs: { 'a/x': edited, 'b/x': text },
    })
    expect(files).toEqual({ 'c/x': edited, 'c/y': text })
  })

  test('is never an empty one', async () => {
    const { conflicts } = await mergeLeaves({ base: { x: '' }, ours: { y: '' }, theirs: { x: 'now it is not' } })
    expect(conflicts).toEqual({ x: { kind: 'delete-modify', base: '', theirs: 'now it is not' } })
  })

  test('is a conflict with its deletion', async () => {
    const { files, conflicts } = await mergeLeaves({
      base: { x: text, z: 'z' },
      ours: { y: text, z: 'z' },
      theirs: { z: 'z' },
    })
    expect(conflicts).toEqual({ y: { kind: 'rename-delete', base: text, ours: text } })
    expect(files).toEqual({ y: text, z: 'z' })
  })

  test('is a conflict with what the other side added where it went', async () => {
    const added = lines(500)
    const { files, conflicts } = await mergeLeaves({
      base: { x: text },
      ours: { y: editedByOurs },
      theirs: { x: edited, y: added },
    })
    const both = edited.replace('line 115\n', 'line of ours\n')
    expect(conflicts).toEqual({ y: { kind: 'rename-add', ours: both, theirs: added } })
    expect(files).toEqual({ y: `<<<<<<< ours\n${both}=======\n${added}>>>>>>> theirs\n` })
  })
})

describe('files that both sides moved', () => {
  test('to one place meet there', async () => {
    const { files, conflicts } = await mergeLeaves({
      base: { x: text },
      ours: { y: editedByOurs },
      theirs: { y: edited },
    })
    expect(conflicts).toEqual({})
    expect(files).toEqual({ y: edited.replace('line 115\n', 'line of ours\n') })
  })

  test('to two places are a conflict at three paths, and both have what both sides changed', async () => {
    const { files, conflicts } = await mergeLeaves({
      base: { x: text },
      ours: { y: editedByOurs },
      theirs: { z: edited },
    })
    const both = edited.replace('line 115\n', 'line of ours\n')
    expect(conflicts).toEqual({
      x: { kind: 'rename-rename', base: text },
      y: { kind: 'rename-rename', ours: both },
      z: { kind: 'rename-rename', theirs: both },
    })
    expect(files).toEqual({ y: both, z: both })
  })

  test('two of them to one place are a conflict there', async () => {
    const other = lines(500)
    const { conflicts } = await mergeLeaves({
      base: { x: text, y: other },
      ours: { z: text, y: `${other}end\n` },
      theirs: { x: edited, z: other },
    })
    expect(conflicts).toEqual({ z: { kind: 'rename-rename', ours: edited, theirs: `${other}end\n` } })
  })
})

describe('a directory that one side moved', () => {
  const base = { 'd/x': text, 'd/y': lines(300), 'd/e/z': lines(400) }
  const moved = { 'new/x': text, 'new/y': lines(300), 'new/e/z': lines(400) }

  test('takes changes in it with it, and files added to it as conflicts', async () => {
    const theirs = { ...base, 'd/x': edited, 'd/added': 'added\n', 'd/e/added': 'deep\n' }
    const { files, conflicts, merge } = await mergeLeaves({ base, ours: moved, theirs })
    expect(conflicts).toEqual({
      'new/added': { kind: 'directory-rename', theirs: 'added\n' },
      'new/e/added': { kind: 'directory-rename', theirs: 'deep\n' },
    })
    expect(files).toEqual({ ...moved, 'new/x': edited, 'new/added': 'added\n', 'new/e/added': 'deep\n' })
    expect(merge.conflicts[0]?.message).toBe(
      'CONFLICT (file location): d/added was added in theirs, in a directory that was renamed in ours; it is moved to new/added, where it may belong',
    )
  })

  test('can take them along without a conflict, or leave them', async () => {
    const theirs = { ...base, 'd/added': 'added\n' }
    const applied = await mergeLeaves({ base, ours: moved, theirs }, { directoryRenames: 'apply' })
    expect(applied.conflicts).toEqual({})
    expect(applied.files).toEqual({ ...moved, 'new/added': 'added\n' })
    const ignored = await mergeLeaves({ base, ours: moved, theirs }, { directoryRenames: 'ignore' })
    expect(ignored.conflicts).toEqual({})
    expect(ignored.files).toEqual({ ...moved, 'd/added': 'added\n' })
  })

  test('leaves a file where it is unclear where it belongs, as a conflict', async () => {
    const ours = { 'one/x': text, 'two/y': lines(300), 'd/e/z': lines(400) }
    const only = { 'd/x': text, 'd/y': lines(300), 'f/z': lines(400) }
    const split = await mergeLeaves({
      base: only,
      ours: { 'one/x': text, 'two/y': lines(300), 'f/z': lines(400) },
      theirs: { ...only, 'd/added': 'added\n' },
    })
    expect(split.conflicts).toEqual({ 'd/added': { kind: 'directory-rename', theirs: 'added\n' } })
    expect(split.files['d/added']).toBe('added\n')
    // Here the directory is still there: nothing was moved as a whole.
    const stays = await mergeLeaves({ base, ours, theirs: { ...base, 'd/added': 'added\n' } })
    expect(stays.conflicts).toEqual({})
    const taken = { ...moved, 'new/added': 'of ours\n' }
    const { conflicts } = await mergeLeaves({ base, ours: taken, theirs: { ...base, 'd/added': 'added\n' } })
    expect(conflicts).toEqual({ 'new/added': { kind: 'directory-rename', ours: 'of ours\n', theirs: 'added\n' } })
  })
})

test('what is moved, for its directory, to where its side moved a file from is not lost, as git loses it', async () => {
  const base = { 'd/x': text, 'd/y': lines(300), 'new/a': lines(600), 'other/b': lines(700) }
  const { files } = await mergeLeaves({
    base,
    ours: {
      'new/x': text,
      'new/y': lines(300),
      'new/a': lines(600).replace('line 605', 'ours'),
      'other/b': lines(700),
    },
    theirs: { 'd/x': text, 'd/y': lines(300), 'd/a': 'of theirs\n', 'z/a': lines(600), 'other/b': lines(700) },
  })
  expect(Object.values(files)).toContain('of theirs\n')
})

test('what is moved, for its directory, to below a file leads to no path that is both', async () => {
  const { files, conflicts } = await mergeLeaves({
    base: { 'c/y': text },
    ours: { 'a/b/new': 'a file\n', 'c/y': text, 'c/also': 'also\n', 'c/new/x': 'below\n' },
    theirs: { 'a/b/y': text },
  })
  expect(files).toEqual({
    'a/b/also': 'also\n',
    'a/b/new/x': 'below\n',
    'a/b/new~ours': 'a file\n',
    'a/b/y': text,
  })
  expect(Object.keys(conflicts)).toEqual(['a/b/also', 'a/b/new/x', 'a/b/new~ours'])
})

test('what else is in a new directory stays when what was moved there is followed', async () => {
  const { files, conflicts } = await mergeLeaves({
    base: { 'd/x': text, 'e/y': 'y' },
    ours: { 'd/x': editedByOurs, 'e/y': 'y' },
    theirs: { 'g/h/x': text, 'g/h/new': 'new', 'g/other/deep': 'deep', 'e/y': 'y' },
  })
  expect(conflicts).toEqual({})
  expect(files).toEqual({ 'g/h/x': editedByOurs, 'g/h/new': 'new', 'g/other/deep': 'deep', 'e/y': 'y' })
})

test('a file that is moved to where a directory is stands beside it, merged', async () => {
  const { files, conflicts } = await mergeLeaves({
    base: { x: text, z: 'z' },
    ours: { y: editedByOurs, z: 'z' },
    theirs: { x: edited, 'y/in': 'in', z: 'z' },
  })
  const both = edited.replace('line 115\n', 'line of ours\n')
  expect(files).toEqual({ 'y/in': 'in', 'y~ours': both, z: 'z' })
  expect(conflicts).toEqual({ 'y~ours': { kind: 'file-directory', ours: both } })
})
