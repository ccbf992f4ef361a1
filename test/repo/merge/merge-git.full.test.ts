import { expect, test } from 'vitest'

import {
  compareMerges,
  createCrossing,
  createFork,
  createLargeFork,
  EDITED,
  forSeeds,
  MOVED,
} from './support/random-histories.ts'

const SEED = Number(process.env['SEED'] ?? 1000)
const COUNT = Number(process.env['COUNT'] ?? 300)

test.each([
  { name: 'forks, edited', make: createFork, edits: EDITED },
  { name: 'forks, edited and moved', make: createFork, edits: MOVED },
  { name: 'crossing, edited', make: createCrossing, edits: EDITED },
  { name: 'crossing, edited and moved', make: createCrossing, edits: MOVED },
])('many histories merge as by git: $name', { timeout: 600_000 }, async ({ make, edits }) => {
  const { differences, tied } = await compareMerges(forSeeds(SEED, COUNT, (seed) => make(seed, edits)))
  expect(differences).toEqual([])
  expect(tied).toBeLessThan(COUNT / 20)
})

test.each([
  { name: 'edited', edits: EDITED },
  { name: 'edited and moved', edits: MOVED },
])('sharded directories merge as by git: $name', { timeout: 600_000 }, async ({ edits }) => {
  const { differences } = await compareMerges(forSeeds(SEED, COUNT / 30, (seed) => createLargeFork(seed, edits)))
  expect(differences).toEqual([])
})
