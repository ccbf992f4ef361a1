import { expect, test } from 'vitest'

import { compareMerges } from './support/compare-merges.ts'

test('merges in working trees with local work leave what git leaves', async () => {
  const { merged, conflicts, refused, settled } = await compareMerges(20, 10)
  expect(Math.min(merged, conflicts, refused, settled)).toBeGreaterThan(0)
})
