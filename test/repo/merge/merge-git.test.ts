import { expect, test } from 'vitest'

import { compareMerges, createCrossing, createFork, EDITED, forSeeds, MOVED } from './support/random-histories.ts'

test.each([
  { name: 'edited', edits: EDITED },
  { name: 'edited and moved', edits: MOVED },
])('two commits and their base merge as by git: $name', async ({ edits }) => {
  const { differences, tied, clean } = await compareMerges(forSeeds(1, 30, (seed) => createFork(seed, edits)))
  expect({ differences, tied }).toEqual({ differences: [], tied: 0 })
  expect(clean).toBeGreaterThan(1)
})

test.each([
  { name: 'edited', edits: EDITED },
  { name: 'edited and moved', edits: MOVED },
])('histories that cross merge as by git: $name', async ({ edits }) => {
  const { differences, tied, crossing } = await compareMerges(forSeeds(1, 12, (seed) => createCrossing(seed, edits)))
  expect({ differences, tied }).toEqual({ differences: [], tied: 0 })
  expect(crossing).toBeGreaterThan(3)
})
