import { expect, test } from 'vitest'

import { compareMerges } from './support/compare-merges.ts'

const COUNT = 200

test('merges in working trees with local work leave what git leaves', async ({ annotate }) => {
  const seed = Date.now() % 1_000_000
  const tally = await compareMerges(seed, COUNT)
  await annotate(`seeds from ${seed}: ${JSON.stringify(tally)}`)
  expect(tally.merged + tally.conflicts + tally.refused).toBe(COUNT)
})
