import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createDigestTable } from '../../../src/store/pack/digest-table.ts'

describe('a table of digests', () => {
  it('is a map from digests to positions, also where digests share most of their bits', () => {
    const digest = fc.array(fc.constantFrom(0, 1, 0xffffffff), { minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(fc.array(digest, { maxLength: 200 }), (digests) => {
        const table = createDigestTable()
        const model = new Map<string, number>()
        for (const [position, words] of digests.entries()) {
          const key = words.join()
          const entry = table.find(Uint32Array.from([9, ...words]), 1)
          expect(entry === -1).toBe(!model.has(key))
          if (entry === -1) table.add(Uint32Array.from([9, ...words]), 1, position)
          else expect(table.positions[entry]).toBe(model.get(key))
          model.set(key, model.get(key) ?? position)
        }
        expect(table.size).toBe(model.size)
      }),
    )
  })

  it('keeps what it has when it grows', () => {
    const table = createDigestTable()
    const words = new Uint32Array(8)
    const digestOf = (i: number): Uint32Array => {
      for (let word = 0; word < 7; word++) words[word] = Math.imul(i, 0x9e3779b1 + word * 2)
      words[7] = i
      return words
    }
    for (let i = 0; i < 100_000; i++) table.add(digestOf(i), 0, i * 2)
    const isThere = (i: number): boolean =>
      table.find(digestOf(i), 0) === i &&
      table.positions[i] === i * 2 &&
      new Uint32Array(table.digests.buffer)[i * 8 + 7] === i
    expect(Array.from({ length: 100_000 }, (_, i) => i).filter((i) => !isThere(i))).toEqual([])
    expect(table.find(digestOf(100_000), 0)).toBe(-1)
  })
})
