import { afterEach, describe, expect, it, vi } from 'vitest'

import { blocksText, type Counts, createProgressLine, formatBytes } from '../../src/cli/progress.ts'
import type { Terminal } from '../../src/cli/terminal.ts'

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

describe('a progress line', () => {
  afterEach(() => void vi.useRealTimers())

  const lineAfter = (elapsedMs: number, counts: Counts, showsProgress = true): string[] => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const shown: string[] = []
    const progress = (line: string) => void shown.push(line)
    const line = createProgressLine({ showsProgress, progress } as unknown as Terminal, 'receiving')
    vi.advanceTimersByTime(elapsedMs)
    line.update(counts)
    return shown
  }

  it('says how much of how much, and how fast', () => {
    expect(lineAfter(2000, { blocks: 5000, totalBlocks: 20_304, bytes: 20 << 20 })).toEqual([
      'receiving: 5,000 of 20,304 blocks, 20 MiB, 10 MiB/s, 7 s left',
    ])
    expect(lineAfter(2000, { files: 10, totalFiles: undefined, bytes: 0 })).toEqual(['receiving: 10 files, 0 B, 0 B/s'])
    expect(lineAfter(4000, { bytes: 1 << 20, totalBytes: 4 << 20 })).toEqual([
      'receiving: 1.0 MiB of 4.0 MiB, 256 KiB/s, 12 s left',
    ])
  })

  it('goes by the speed of the last seconds, and counts nothing twice that was here before', () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const shown: string[] = []
    const progress = (text: string) => void shown.push(text)
    const line = createProgressLine({ showsProgress: true, progress } as unknown as Terminal, 'receiving')
    line.update({ blocks: 9000, totalBlocks: 10_000, bytes: 0 })
    vi.advanceTimersByTime(2000)
    line.update({ blocks: 9200, totalBlocks: 10_000, bytes: 2 << 20 })
    for (let second = 0; second < 30; second++) {
      vi.advanceTimersByTime(1000)
      line.update({ blocks: 9200 + second, totalBlocks: 10_000, bytes: (2 << 20) + (second << 10) })
    }
    expect(shown[0]).toBe('receiving: 9,200 of 10,000 blocks, 2.0 MiB, 1.0 MiB/s, 8 s left')
    expect(shown.at(-1)).toBe('receiving: 9,229 of 10,000 blocks, 2.0 MiB, 1.0 KiB/s, 12 min 51 s left')
    expect(lineAfter(4000, { blocks: 1, totalBlocks: 9000, bytes: 4 << 10 }).at(-1)).toContain('9 h 59 min left')
  })

  it('says nothing of what is quick, and nothing where nobody sees it', () => {
    expect(lineAfter(900, { bytes: 1 })).toEqual([])
    expect(lineAfter(5000, { bytes: 1 }, false)).toEqual([])
  })
})

describe('blocksText', () => {
  it('counts one and many', () => {
    expect(blocksText({ blocks: 1, bytes: 7 })).toBe('1 block, 7 B')
    expect(blocksText({ blocks: 1234, bytes: 1 << 20 })).toBe('1,234 blocks, 1.0 MiB')
  })
})
