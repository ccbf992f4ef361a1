import { expect, test } from 'vitest'

import { DAG_JSON, RAW, cidOf } from '../../../src/model/cid.ts'
import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { encodeTag } from '../../../src/model/commit/tag.ts'
import { buildDirectory } from '../../../src/model/directory/directory.ts'
import { encodeManifest } from '../../../src/model/manifest/manifest.ts'
import { linksOf } from '../../../src/model/tree/reachability.ts'
import { fileOfBytes } from '../../support/build-file.ts'

const person = { name: 'A', email: 'a@example.org', date: '2026-01-02T03:04:05+01:00' }
const raw = cidOf(RAW, Buffer.from('x'))
const directory = buildDirectory([
  { name: 'b', cid: raw, tsize: 1 },
  { name: 'a', cid: raw, tsize: 1 },
])

const texts = (links: unknown[]) => links.map(String)

test('what each kind of block links', () => {
  expect(linksOf(raw, Buffer.from('x'))).toEqual([])
  expect(texts(linksOf(directory.cid, directory.blocks[0]!.bytes))).toEqual(texts([raw, raw]))
  const file = fileOfBytes(Buffer.alloc(1_048_577))
  expect(linksOf(file.cid, file.blocks[0]!.bytes)).toHaveLength(2)

  const first = encodeCommit({ tree: directory.cid, parents: [], author: person, committer: person, message: 'one' })
  expect(texts(linksOf(first.cid, first.bytes))).toEqual(texts([directory.cid]))
  const second = encodeCommit({
    tree: directory.cid,
    parents: [first.cid],
    author: person,
    committer: person,
    message: '2',
  })
  expect(texts(linksOf(second.cid, second.bytes))).toEqual(texts([directory.cid, first.cid]))
  const tag = encodeTag({ object: second.cid, objectType: 'commit', name: 'v1', tagger: person, message: 'v1' })
  expect(texts(linksOf(tag.cid, tag.bytes))).toEqual(texts([second.cid]))
  const branches = [
    { name: 'main', head: second.cid },
    { name: 'old', head: first.cid },
  ]
  const tags = [{ name: 'v1', target: tag.cid }]
  const manifest = encodeManifest({ name: 'birds', description: '', branches, tags })
  expect(texts(linksOf(manifest.cid, manifest.bytes))).toEqual(texts([second.cid, first.cid, tag.cid]))
})

test('a node of another type or codec is refused by name', () => {
  const bytes = Buffer.from('{"type":"other/1"}')
  for (const cid of [cidOf(DAG_JSON, bytes), cidOf(0x71, bytes)]) {
    expect(() => linksOf(cid, bytes)).toThrow(
      expect.objectContaining({ code: 'node-unknown', details: { cid: cid.toString() } }),
    )
  }
})

test('a commit or a directory that is not valid is refused', () => {
  const bytes = Buffer.from('{"tree":1,"type":"jzfs/commit/1"}')
  expect(() => linksOf(cidOf(DAG_JSON, bytes), bytes)).toThrow(expect.objectContaining({ code: 'commit-invalid' }))
  expect(() => linksOf(directory.cid, Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'tree-invalid' }))
})
