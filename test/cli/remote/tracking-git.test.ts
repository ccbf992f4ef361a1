import { expect, test } from 'vitest'

import { compareTracking } from './tracking-comparison.ts'

test('git says the same of branches and what they follow', async () => {
  expect(await compareTracking(11, { isBrief: true })).toMatch(/ahead|behind|gone/)
})
