import { createHash } from 'node:crypto'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { DIGEST_BYTES, type DigestRange, openDigestRange } from '../../../src/sync/publish/digest-range.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()
const numbered = (count: number, word: string): Buffer[] =>
  Array.from({ length: count }, (_, number) => digestOf(`${word} ${number}`))

/** A range behind some other bytes, as in a set file. */
function rangeOf(digests: readonly Buffer[], { count = digests.length } = {}): DigestRange {
  const path = join(temporaryFolder(), 'digests')
  writeFileSync(path, Buffer.concat([Buffer.alloc(96, 0xff), ...digests.toSorted(Buffer.compare)]))
  const file = openSync(path, 'r')
  const range = openDigestRange(file, 96, count)
  onTestFinished(() => {
    range.close()
    closeSync(file)
  })
  return range
}

describe('openDigestRange', () => {
  it('finds each digest and no other, read by windows and then in memory', () => {
    for (const count of [0, 1, 31, 32, 33, 64, 1000]) {
      const [digests, others] = [numbered(count, 'in'), numbered(200, 'out')]
      const range = rangeOf(digests)
      // Three times: before, while and after all of it was read.
      for (let time = 0; time < 3; time++) {
        expect(digests.filter((digest) => range.has(digest))).toHaveLength(count)
        expect(others.filter((digest) => range.has(digest))).toEqual([])
      }
    }
  })

  it('finds digests that are not spread evenly', () => {
    const digests = numbered(500, 'in').map((digest, number) => {
      digest.fill(number % 2 === 0 ? 0 : 0xff, 0, 4)
      return digest
    })
    const range = rangeOf(digests)
    for (let time = 0; time < 3; time++) expect(digests.every((digest) => range.has(digest))).toBe(true)
  })

  it('finds nothing where the file is cut short', () => {
    const range = rangeOf(numbered(40, 'in'), { count: 400 })
    const last = Buffer.alloc(DIGEST_BYTES, 0xff)
    for (let time = 0; time < 200; time++) expect(range.has(last)).toBe(false)
  })

  it('is of use after it was closed', () => {
    const digests = numbered(100, 'in')
    const range = rangeOf(digests)
    for (const digest of digests) range.has(digest)
    range.close()
    expect(digests.every((digest) => range.has(digest))).toBe(true)
  })
})
