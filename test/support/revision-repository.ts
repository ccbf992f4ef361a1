import type { CID } from 'multiformats/cid'

import { encodeCommit } from '../../src/model/commit/commit.ts'
import { encodeTag, type TaggedType } from '../../src/model/commit/tag.ts'
import type { RevisionSource } from '../../src/repo/revision/revision-source.ts'
import { MemoryBlocks } from './memory-blocks.ts'
import { buildTree } from './memory-tree.ts'

/** A person at a time in seconds since 1970. */
export const person = (seconds: number) => ({
  name: 'A',
  email: 'a@x',
  date: new Date(seconds * 1000).toISOString().replace('.000Z', '+00:00'),
})

interface LogEntry {
  before: CID | undefined
  after: CID | undefined
  message: string
}

/**
 * A repository in memory: 0 ← 1 ← 2 ← 4, 1 ← 3 ← 4 (a merge of 2 and 3), main at 4, feature/x at 3, tag light at 1, annotated
 * tag v1 of 2, tag v1-again of v1, tag dataset of a tree; a branch and a tag named both.
 */
export function makeRevisionRepository() {
  const store = new MemoryBlocks()
  const trees = [0, 1, 2, 3, 4].map((at) =>
    buildTree(store, { 'a.txt': `${at}`, 'd/b.txt': 'b', 'd/e/c..d': 'x', 'sp ace': ' ' }),
  )
  const cids: CID[] = []
  for (const [at, parents] of [[], [0], [1], [1], [2, 3]].entries()) {
    const block = encodeCommit({
      tree: trees[at] as CID,
      parents: parents.map((parent) => cids[parent] as CID),
      author: person(1e9 + at),
      committer: person(1e9 + at),
      message: `${at}\n`,
    })
    store.put(block)
    cids.push(block.cid)
  }
  const tag = (name: string, object: CID, objectType: TaggedType) => {
    const block = encodeTag({ object, objectType, name, tagger: person(2e9), message: '' })
    store.put(block)
    return block.cid
  }
  const v1 = tag('v1', cids[2] as CID, 'commit')
  const refs = new Map<string, CID>([
    ['refs/heads/both', cids[0] as CID],
    ['refs/heads/feature/x', cids[3] as CID],
    ['refs/heads/main', cids[4] as CID],
    ['refs/heads/topic', cids[2] as CID],
    ['refs/tags/both', cids[1] as CID],
    ['refs/tags/dataset', tag('dataset', trees[3] as CID, 'tree')],
    ['refs/tags/light', cids[1] as CID],
    ['refs/tags/v1', v1],
    ['refs/tags/v1-again', tag('v1-again', v1, 'tag')],
  ])
  const move = (before: CID | undefined, after: CID | undefined, message = 'commit'): LogEntry => ({
    before,
    after,
    message,
  })
  const logs = new Map<string, LogEntry[]>([
    ['refs/heads/main', [move(cids[2], cids[4]), move(cids[1], cids[2]), move(cids[0], cids[1])]],
    [
      'HEAD',
      [
        move(cids[3], cids[4], 'switch: moving from feature/x to main'),
        move(cids[0], cids[3], 'checkout: moving from both to feature/x'),
      ],
    ],
  ])
  const source: RevisionSource = {
    store,
    refs: {
      read: async (name) => (name === 'HEAD' ? cids[4] : refs.get(name)),
      list: async () => [...refs].map(([name, cid]) => ({ name, cid })),
      head: async () => ({ branch: 'refs/heads/main' }),
      headCommit: async () => cids[4],
      async *log(name) {
        for (const entry of logs.get(name) ?? []) yield { ...entry, person: person(0), operation: 1 }
      },
    },
  }
  return { source, store, cids: cids as [CID, CID, CID, CID, CID], trees: trees as [CID, CID, CID, CID, CID], refs, v1 }
}
