import { expect, test } from 'vitest'

import { compareDiscardingSwitch, compareSwitch } from './switch-comparison.ts'

const ROUNDS = 120

test('switch carries, refuses and rewrites what git does', { timeout: 180_000 }, async () => {
  const tally = { switched: 0, refused: 0, carried: 0 }
  for (let seed = 1; seed <= ROUNDS; seed++) await compareSwitch(seed, tally)
  // Else the comparison has seen only one side.
  expect(Object.values(tally).filter((count) => count < 4)).toEqual([])
})

test.for([true, false])(
  'switch --discard-changes ends where git does (staged: %s)',
  { timeout: 180_000 },
  async (staged) => {
    let compared = 0
    for (let seed = 1; seed <= ROUNDS / 4; seed++) if (await compareDiscardingSwitch(seed, staged)) compared++
    expect(compared).toBeGreaterThan(ROUNDS / 8)
  },
)
