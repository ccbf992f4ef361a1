import { expect, test } from 'vitest'

import { cidOf, DAG_JSON, DAG_PB, RAW } from '../../../src/model/cid.ts'
import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { decodeTag } from '../../../src/model/commit/tag.ts'
import { EMPTY_DIRECTORY } from '../../../src/model/directory/directory.ts'
import { createTag, deleteTag, TAGS } from '../../../src/repo/refs/tag.ts'
import { openRepository } from '../../../src/repo/repository.ts'
import { ANN, temporaryRepository } from '../../support/repository.ts'

const author = { command: 'jzfs tag', person: ANN }
const commit = encodeCommit({ tree: EMPTY_DIRECTORY.cid, parents: [], author: ANN, committer: ANN, message: 'first' })

test('a lightweight tag is a ref to the object itself', async () => {
  const repository = await temporaryRepository()
  await repository.store.put(commit)
  const named = await createTag(repository, { name: 'v1.0', object: commit.cid }, author)
  expect(named.equals(commit.cid)).toBe(true)
  expect((await repository.refs.read(`${TAGS}v1.0`))?.equals(commit.cid)).toBe(true)
})

test('an annotated tag is a node of its own, there for whoever opens the repository next', async () => {
  const repository = await temporaryRepository()
  await repository.store.put(commit)
  const cid = await createTag(repository, { name: 'v1.0', object: commit.cid, message: 'the first release\n' }, author)
  const again = await openRepository(repository.path)
  const ref = await again.refs.read(`${TAGS}v1.0`)
  expect(ref?.equals(cid)).toBe(true)
  const tag = decodeTag(cid, await again.store.get(cid))
  expect({ ...tag, object: tag.object.toString() }).toEqual({
    object: commit.cid.toString(),
    objectType: 'commit',
    name: 'v1.0',
    tagger: ANN,
    message: 'the first release\n',
  })
  const outer = await createTag(again, { name: 'outer', object: cid, message: 'a tag of a tag' }, author)
  expect(decodeTag(outer, await again.store.get(outer)).objectType).toBe('tag')
  await again.close()
})

test('trees and files can be tagged; what is neither cannot, nor what is not there', async () => {
  const repository = await temporaryRepository()
  const file = { cid: cidOf(RAW, Buffer.from('file')), bytes: Buffer.from('file') }
  const other = { cid: cidOf(DAG_JSON, Buffer.from('{"a":1}')), bytes: Buffer.from('{"a":1}') }
  for (const block of [EMPTY_DIRECTORY, file, other]) {
    await repository.store.put(block)
  }
  for (const [object, type] of [
    [EMPTY_DIRECTORY.cid, 'tree'],
    [file.cid, 'file'],
  ] as const) {
    const cid = await createTag(repository, { name: type, object, message: type }, author)
    expect(decodeTag(cid, await repository.store.get(cid)).objectType).toBe(type)
  }
  await expect(createTag(repository, { name: 'x', object: other.cid }, author)).rejects.toMatchObject({
    code: 'not-taggable',
  })
  const missing = cidOf(DAG_PB, Buffer.from('nowhere'))
  await expect(createTag(repository, { name: 'x', object: missing }, author)).rejects.toMatchObject({
    code: 'block-missing',
  })
  expect(await repository.refs.read(`${TAGS}x`)).toBeUndefined()
})

test('a tag is replaced by force only, and deleted by name', async () => {
  const repository = await temporaryRepository()
  await repository.store.put(commit)
  await repository.store.put(EMPTY_DIRECTORY)
  await createTag(repository, { name: 'v1', object: commit.cid }, author)
  const again = { name: 'v1', object: EMPTY_DIRECTORY.cid }
  await expect(createTag(repository, again, author)).rejects.toMatchObject({ code: 'tag-exists' })
  await createTag(repository, { ...again, force: true }, author)
  expect((await deleteTag(repository, 'v1', author)).equals(EMPTY_DIRECTORY.cid)).toBe(true)
  await expect(deleteTag(repository, 'v1', author)).rejects.toMatchObject({ code: 'tag-missing' })
  await expect(createTag(repository, { name: '-x', object: commit.cid }, author)).rejects.toMatchObject({
    code: 'ref-name-invalid',
  })
})
