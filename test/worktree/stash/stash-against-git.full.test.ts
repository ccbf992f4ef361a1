import { expect, test } from 'vitest'

import { compareStash } from './compare-stash.ts'

test('what is put aside comes back exactly, in many working trees', { timeout: 900_000 }, async ({ annotate }) => {
  const tally = { pushed: 0, kept: 0, compared: 0 }
  for (let seed = 100; seed < 200; seed++) await compareStash(seed, tally)
  await annotate(JSON.stringify(tally))
  expect(Math.min(tally.pushed, tally.compared, tally.kept)).toBeGreaterThan(5)
})
