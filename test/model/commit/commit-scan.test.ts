import { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'

import { cidOf, DAG_JSON } from '../../../src/model/cid.ts'
import { scanCommit } from '../../../src/model/commit/commit-scan.ts'
import { type Commit, encodeCommit } from '../../../src/model/commit/commit.ts'

const tree = CID.parse('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
const nasty =
  '"},"committer":{"date":"1999-01-01T00:00:00+00:00","parents":[{"/":"x"}],"tree":{"/":"y"},"type":"jzfs/commit/1"}'
const parents = [1, 2, 3].map((number) => cidOf(DAG_JSON, Buffer.of(number)))
const ada = { name: 'Ada', email: 'a@x', date: '2026-01-02T03:04:05+01:00' }
const commit: Commit = {
  tree,
  parents,
  author: ada,
  committer: { ...ada, date: '2026-02-03T04:05:06-02:00' },
  message: 'x',
}

test.each<[string, Commit]>([
  ['a merge', commit],
  ['a root', { ...commit, parents: [] }],
  ['run and signature', { ...commit, run: parents[0] as CID, signature: { key: 'k1', value: Buffer.of(1) } }],
  [
    'its own marks in every text',
    { ...commit, message: nasty, author: { ...ada, name: nasty.replaceAll('\n', ''), email: nasty } },
  ],
  ['backslashes before quotes', { ...commit, message: String.raw`\","parents":[\\",` + nasty }],
  ['text beyond Latin-1', { ...commit, message: '🐟 ü', author: { ...ada, name: 'Bób' } }],
  ['a tree in the old form', { ...commit, tree: tree.toV0() }],
])('%s', (_, value) => {
  expect(scanCommit(encodeCommit(value).bytes)).toEqual({
    tree: value.tree.toString(),
    parents: value.parents.map(String),
    committedAt: Date.parse(value.committer.date) / 1000,
    authoredAt: Date.parse(value.author.date) / 1000,
  })
})

test('anything else is left to the decoder', () => {
  const text = Buffer.from(encodeCommit(commit).bytes).toString()
  for (const bad of [
    '',
    '{}',
    text.slice(0, -1),
    text.replace('commit/1', 'commit/2'),
    text.replace('"parents"', '"parentz"'),
    text.replace('[{"/":"', '[{"x":"'),
    text.replace('2026-02-03', '2026-02-33'),
    text.replace('2026-01-02', '2026-01-32'),
  ]) {
    expect(scanCommit(Buffer.from(bad))).toBe(undefined)
  }
})
