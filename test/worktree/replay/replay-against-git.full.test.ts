import { expect, test } from 'vitest'

import { compareReplay, REPLAYS } from './compare-replay.ts'

const HISTORIES = 60

test.for(REPLAYS)('%s does what git does, in many histories', { timeout: 900_000 }, async (replay, { annotate }) => {
  const tally = { histories: 0, stops: 0, settled: 0, skipped: 0, commits: 0 }
  for (let seed = 100; seed < 100 + HISTORIES; seed++) await compareReplay(replay, seed, tally)
  await annotate(JSON.stringify(tally))
  expect(tally.settled).toBeGreaterThan(5)
})
