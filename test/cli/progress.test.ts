import { describe, expect, it } from 'vitest'

import { formatBytes } from '../../src/cli/progress.ts'

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [20 * 1024, '20 KiB'],
    [1 << 30, '1.0 GiB'],
    [2 ** 60, '1024 PiB'],
  ])('says %i as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})
