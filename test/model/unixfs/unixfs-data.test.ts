import fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { expect, test } from 'vitest'

import { cidOf } from '../../../src/model/cid.ts'
import { decodeUnixfs, encodeUnixfs } from '../../../src/model/unixfs/unixfs-data.ts'

const cid = cidOf(0x70, Buffer.from('x'))
// The library writes numbers from 2^31 on wrongly (protons-runtime 7): those are tested by their bytes below.
const size = fc.oneof(fc.nat(300), fc.nat(2 ** 28))

test('files are encoded as the library does, and decoded to what they were', () => {
  const sample = fc.record({
    data: fc.uint8Array({ minLength: 1, maxLength: 50 }),
    blockSizes: fc.array(size, { maxLength: 5 }),
  })
  fc.assert(
    fc.property(sample, fc.boolean(), ({ data, blockSizes }, isExecutable) => {
      const mode = isExecutable ? 0o755 : undefined
      const library = new UnixFS({
        type: 'file',
        data,
        blockSizes: blockSizes.map(BigInt),
        ...(mode !== undefined && { mode }),
      })
      const message = { type: 2, data, fileSize: Number(library.fileSize()), blockSizes, mode }
      const bytes = encodeUnixfs(message)
      expect(Buffer.from(bytes).equals(library.marshal())).toBe(true)
      expect(decodeUnixfs(cid, bytes)).toEqual({ ...message, data: Uint8Array.from(data) })
    }),
  )
})

test.each([
  [2 ** 31 - 1, 'ffffffff07'],
  [2 ** 31, '8080808008'],
  [2 ** 32 + 5, '8580808010'],
  [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
])('the file size %i is a varint', (fileSize, hex) => {
  const bytes = encodeUnixfs({ type: 2, fileSize })
  expect(Buffer.from(bytes).toString('hex')).toBe(`080218${hex}`)
  expect(decodeUnixfs(cid, bytes).fileSize).toBe(fileSize)
})

test('a time before 1970 is passed over, as any other', () => {
  const bytes = new UnixFS({ type: 'file', mtime: { secs: -1n, nsecs: 5 } }).marshal()
  expect(decodeUnixfs(cid, bytes)).toMatchObject({ type: 2, hasMore: true })
})

test('of bytes that were tampered with, what is not refused means what it means to the library', () => {
  let accepted = 0
  const whole = new UnixFS({ type: 'file', data: Buffer.from('abc'), blockSizes: [3n, 300n], mode: 0o755 }).marshal()
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const bytes = Uint8Array.from(whole)
      bytes[at] = byte
      const ours = outcome(() => decodeUnixfs(cid, bytes))
      if (ours instanceof Error) {
        expect(ours).toMatchObject({ code: 'tree-invalid' })
      } else if (ours.type === 2) {
        accepted++
        const library = UnixFS.unmarshal(bytes)
        expect(ours.blockSizes).toEqual(library.blockSizes.map(Number))
        expect(Buffer.from(ours.data ?? []).equals(library.data ?? Buffer.alloc(0))).toBe(true)
      }
    }),
    // The example makes of the data an mtime that is none.
    { numRuns: 2000, examples: [[2, 0x42]] },
  )
  expect(accepted).toBeGreaterThan(100)
})

function outcome<T>(run: () => T): T | Error {
  try {
    return run()
  } catch (error) {
    return error as Error
  }
}
