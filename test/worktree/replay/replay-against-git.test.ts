import { expect, test } from 'vitest'

import { compareReplay } from './compare-replay.ts'

test.for([
  ['cherry-pick -x', 2],
  ['revert', 1],
  ['rebase', 3],
] as const)('%s does what git does', { timeout: 60_000 }, async ([replay, seed]) => {
  const tally = { histories: 0, stops: 0, settled: 0, skipped: 0, commits: 0 }
  await compareReplay(replay, seed, tally)
  expect(tally.commits).toBeGreaterThan(3)
})
