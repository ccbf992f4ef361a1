import { expect, it } from 'vitest'

import { damageAtRandom } from './damage-at-random.ts'

/** In the first four an entry of a pack's index led far beyond the end of the file. */
const SEEDS = [1014, 1145, 1173, 1238, 100, 101, 102, 1194]

it.each(SEEDS)('damage at random is found, and repairs make nothing worse: seed %i', async (seed) => {
  const { before, after } = await damageAtRandom(seed)
  expect(after).toBeLessThanOrEqual(before)
})
