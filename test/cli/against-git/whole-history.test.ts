import { expect, test } from 'vitest'

import { compareWholeHistory, type Tally } from './whole-history.ts'

const SEED = 14
const STEPS = 14

test('a history made with both tools is the same, and looks the same', { timeout: 120_000 }, async () => {
  const tally: Tally = { histories: 0, commits: 0, statuses: 0, merges: 0, conflicts: 0, looks: 0 }
  await compareWholeHistory(SEED, STEPS, tally)
  expect(Math.min(tally.statuses, tally.merges, tally.looks)).toBeGreaterThan(0)
})
