import { expect, test } from 'vitest'

import { compareStash } from './compare-stash.ts'

test('what is put aside comes back exactly, wherever git can bring it back', { timeout: 120_000 }, async () => {
  const tally = { pushed: 0, kept: 0, compared: 0 }
  for (let seed = 1; seed <= 6; seed++) await compareStash(seed, tally)
  expect(Math.min(tally.pushed, tally.compared, tally.kept)).toBeGreaterThan(0)
})
