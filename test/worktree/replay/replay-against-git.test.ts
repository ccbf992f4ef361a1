import { expect, test } from 'vitest'

import { compareReplay, REPLAYS } from './compare-replay.ts'

const SEEDS = { 'cherry-pick': [1], 'cherry-pick -x': [2], revert: [1], rebase: [3], 'rebase --onto': [2] }

test.for(REPLAYS)('%s does what git does', { timeout: 60_000 }, async (replay) => {
  const tally = { histories: 0, stops: 0, settled: 0, skipped: 0, commits: 0 }
  for (const seed of SEEDS[replay]) await compareReplay(replay, seed, tally)
  expect(tally.histories).toBe(SEEDS[replay].length)
})
