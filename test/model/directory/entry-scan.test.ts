import fc from 'fast-check'
import { expect, test } from 'vitest'

import { cidOf, DAG_PB, RAW } from '../../../src/model/cid.ts'
import { buildDirectory } from '../../../src/model/directory/directory.ts'
import { scanForEntry } from '../../../src/model/directory/entry-scan.ts'
import { fileOfBytes } from '../../support/build-file.ts'

const NAME = fc
  .string({ minLength: 1, maxLength: 200, unit: 'grapheme' })
  .filter((name) => !/[/\0]|^\.\.?$|jzfs/i.test(name) && Buffer.byteLength(name) <= 255 && name.isWellFormed())

test('every entry is found, and no other', () => {
  fc.assert(
    fc.property(fc.uniqueArray(NAME, { maxLength: 20 }), NAME, (names, other) => {
      const cid = (name: string) => cidOf(name.length % 2 === 0 ? RAW : DAG_PB, Buffer.from(name))
      const { blocks } = buildDirectory(names.map((name) => ({ name, cid: cid(name), tsize: name.length * 1000 })))
      const bytes = blocks.at(-1)?.bytes ?? new Uint8Array()
      for (const name of names) expect(scanForEntry(bytes, Buffer.from(name))).toEqual(Buffer.from(cid(name).bytes))
      if (!names.includes(other)) expect(scanForEntry(bytes, Buffer.from(other))).toHaveLength(0)
    }),
    { numRuns: 100 },
  )
})

test('what is no plain directory is not judged', () => {
  const entries = Array.from({ length: 5000 }, (_, at) => `a-name-that-makes-it-shards-${at}`)
  const cid = cidOf(RAW, Buffer.of(1))
  const { blocks } = buildDirectory(entries.map((name) => ({ name, cid, tsize: 1 })))
  for (const { bytes } of blocks) expect(scanForEntry(bytes, Buffer.from('a'))).toBeUndefined()
  const file = fileOfBytes(Buffer.alloc((1 << 20) + 1))
  expect(scanForEntry(file.blocks.at(-1)?.bytes ?? new Uint8Array(), Buffer.from('a'))).toBeUndefined()
  expect(scanForEntry(new Uint8Array(), Buffer.from('a'))).toBeUndefined()
})

test('bytes of any kind are no error', () => {
  const { blocks } = buildDirectory([{ name: 'a', cid: cidOf(RAW, Buffer.of(1)), tsize: 1 }])
  const bytes = blocks[0]?.bytes ?? new Uint8Array()
  for (let at = 0; at < bytes.length; at++) {
    for (const value of [0, 0x0a, 0x7f, 0x80, 0xff]) {
      const changed = Uint8Array.from(bytes)
      changed[at] = value
      expect(() => scanForEntry(changed, Buffer.from('a'))).not.toThrow()
    }
  }
})
