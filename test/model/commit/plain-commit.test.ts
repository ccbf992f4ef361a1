import fc from 'fast-check'
import { expect, test } from 'vitest'

import { cidOf, DAG_JSON, DAG_PB } from '../../../src/model/cid.ts'
import { decodeCommit, encodeCommit } from '../../../src/model/commit/commit.ts'
import { readPlainCommit } from '../../../src/model/commit/plain-commit.ts'

const [tree, parent] = [cidOf(DAG_PB, Buffer.of(1)), cidOf(DAG_JSON, Buffer.of(2))]
const PIECES = ['a', ' ', '"', '\\', '\n', 'é', '","name":"', '"},"message":"', '","parents":[', '],"tree":', '{', '\t']
const TEXT = fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join(''))
const NAME = TEXT.map((text) => `n${text.replaceAll(/[\n\t]/g, '')}`)
const PERSON = fc.record({ name: NAME, email: NAME, date: fc.constantFrom('2026-01-02T03:04:05+01:00') })

test('whatever a commit says, its fields are those that are decoded strictly', () => {
  const some = { message: TEXT, author: PERSON, committer: PERSON, parents: fc.integer({ max: 2, min: 0 }) }
  fc.assert(
    fc.property(fc.record({ ...some, hasRun: fc.boolean() }), ({ parents, hasRun, ...fields }) => {
      const run = hasRun ? { run: parent } : {}
      const { cid, bytes } = encodeCommit({
        ...fields,
        tree,
        parents: Array.from({ length: parents }, (_, at) => cidOf(DAG_JSON, Buffer.of(at))),
        ...run,
      })
      const { author, committer, message, ...links } = decodeCommit(cid, bytes)
      const texts = { tree: links.tree.toString(), parents: links.parents.map(String) }
      const expected = { ...texts, author, committer, message, ...(hasRun && { run: parent.toString() }) }
      expect(readPlainCommit(cid.toString(), bytes)).toEqual(expected)
    }),
    { numRuns: 300 },
  )
})
