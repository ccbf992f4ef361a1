import { expect, test } from 'vitest'

import { compareWholeHistory, type Tally } from './whole-history.ts'

const HISTORIES = 12
const STEPS = 30

test(`${HISTORIES} histories made with both tools are the same, and look the same`, { timeout: 600_000 }, async () => {
  const tally: Tally = { histories: 0, commits: 0, statuses: 0, merges: 0, conflicts: 0, looks: 0 }
  for (let seed = 100; seed < 100 + HISTORIES; seed++) await compareWholeHistory(seed, STEPS, tally)
  expect(Math.min(...Object.values(tally)), `of ${JSON.stringify(tally)}`).toBeGreaterThanOrEqual(HISTORIES / 2)
})
