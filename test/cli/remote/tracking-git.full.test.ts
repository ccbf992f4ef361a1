import { expect, test } from 'vitest'

import { compareTracking } from './tracking-comparison.ts'

test('git says the same of branches and what they follow, whatever they are', async () => {
  for (const seed of [12, 13, 14, 15, 16, 17, 18, 19]) expect(await compareTracking(seed)).toContain('main')
}, 120_000)
