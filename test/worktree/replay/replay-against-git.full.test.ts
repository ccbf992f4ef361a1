import { expect, test } from 'vitest'

import { compareReplay } from './replay-pair.ts'

const HISTORIES = 120

test.for(['cherry-pick', 'revert', 'rebase'] as const)(
  '%s does what git does, in many histories',
  { timeout: 900_000 },
  async (kind, { annotate }) => {
    const tally = { histories: 0, stops: 0, settled: 0, skipped: 0 }
    for (let seed = 100; seed < 100 + HISTORIES; seed++) await compareReplay(kind, seed, tally)
    await annotate(JSON.stringify(tally))
    expect(tally.settled).toBeGreaterThan(5)
  },
)
