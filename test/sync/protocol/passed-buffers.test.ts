import { constants, type NodeGCPerformanceDetail, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'

import { expect, test } from 'vitest'

import { countPassed } from '../../../src/sync/protocol/passed-buffers.ts'

const MIB = 1 << 20

test('young objects are collected each time 8 MiB have passed', async () => {
  countPassed(8 * MIB)
  const { seen, stop } = watchForced()
  for (let piece = 0; piece < 4 * 8; piece++) countPassed(MIB)
  for (let look = 0; look < 100 && seen.length < 4; look++) await sleep(10)
  stop()
  expect(seen).toEqual(Array.from({ length: 4 }, () => constants.NODE_PERFORMANCE_GC_MINOR))
})

test('nothing else can ask for a collection', () => {
  countPassed(8 * MIB)
  expect(runInNewContext('typeof gc')).toBe('undefined')
})

/** The kinds of the collections that a program asks for. */
function watchForced(): { seen: (number | undefined)[]; stop(): void } {
  const seen: (number | undefined)[] = []
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind, flags } = (entry as PerformanceEntry & { detail: NodeGCPerformanceDetail }).detail
      if (((flags ?? 0) & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0) seen.push(kind)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  return { seen, stop: () => observer.disconnect() }
}
