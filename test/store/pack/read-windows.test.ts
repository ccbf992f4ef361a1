import { expect, test } from 'vitest'

import { createReadWindows } from '../../../src/store/pack/read-windows.ts'
import { createRandom } from '../../support/random.ts'

/** A file of two megabytes whose reads are noted. */
function noisyFile(seed: number) {
  const random = createRandom(seed)
  const content = Buffer.from(Array.from({ length: 2 << 20 }, () => Math.floor(random() * 256)))
  const sizes: number[] = []
  const readInto = (target: Uint8Array, position: number, size: number) => {
    sizes.push(size)
    return target.subarray(0, content.copy(target, 0, position, position + size))
  }
  return { content, sizes, readInto }
}

test('what lies close together, before or behind, is read at once', () => {
  const windows = createReadWindows(8192)
  const { content, sizes, readInto } = noisyFile(1)
  for (let at = 1_000_000; at > 0; at -= 2000) {
    const bytes = windows.read(content, at, 1000, readInto)
    expect(Buffer.compare(bytes, content.subarray(at, at + 1000)), `${at}`).toBe(0)
  }
  for (let at = 1_000_000; at < content.length; at += 2000) {
    const bytes = windows.read(content, at, 1000, readInto)
    expect(Buffer.compare(bytes, content.subarray(at, at + 1000)), `${at}`).toBe(0)
  }
  expect(sizes.length).toBeLessThan(25)
})

test('random reads of two files give the bytes there, and no more is read than asked for', () => {
  const windows = createReadWindows(8192)
  const files = [noisyFile(2), noisyFile(3)]
  const random = createRandom(4)
  let asked = 0
  for (let round = 0; round < 500; round++) {
    const { content, readInto } = files[round % 2] as (typeof files)[0]
    const at = Math.floor(random() * content.length)
    const size = Math.min(8192, content.length - at)
    asked += size
    expect(Buffer.compare(windows.read(content, at, size, readInto), content.subarray(at, at + size))).toBe(0)
  }
  const read = files.flatMap(({ sizes }) => sizes).reduce((sum, size) => sum + size, 0)
  expect(read).toBeLessThan(asked * 4)
})

test('what was forgotten is read again', () => {
  const windows = createReadWindows(8192)
  const { content, sizes, readInto } = noisyFile(5)
  for (let at = 0; at < 10_000; at += 100) windows.read(content, at, 100, readInto)
  const before = sizes.length
  windows.forget(content)
  windows.read(content, 9000, 100, readInto)
  expect(sizes.length).toBe(before + 1)
})
