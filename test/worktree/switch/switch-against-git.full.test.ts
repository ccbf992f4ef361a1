import { expect, test } from 'vitest'

import { compareDiscardingSwitches, compareSwitches } from './switch-comparison.ts'

test('switch carries, refuses and rewrites what git does', { timeout: 180_000 }, async () => {
  expect(Math.min(...Object.values(await compareSwitches(120)))).toBeGreaterThanOrEqual(4)
})

test.for([true, false])(
  'switch --discard-changes ends where git does (staged: %s)',
  { timeout: 180_000 },
  async (staged) => {
    expect(await compareDiscardingSwitches(30, staged)).toBeGreaterThan(15)
  },
)
