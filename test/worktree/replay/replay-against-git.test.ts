import { expect, test } from 'vitest'

import { compareReplay } from './replay-pair.ts'

test.for(['cherry-pick', 'revert', 'rebase'] as const)('%s does what git does', { timeout: 60_000 }, async (kind) => {
  const tally = { histories: 0, stops: 0, settled: 0, skipped: 0 }
  for (let seed = 1; seed <= 2; seed++) await compareReplay(kind, seed, tally)
  expect(tally.histories).toBe(2)
})
