import { expect, test } from 'vitest'

import { killOperations } from './operation-kill.ts'

test('of hundreds of kills none leaves anything half done', async () => {
  const { interrupted } = await killOperations(300)
  // Else the kills all fell between operations, and showed nothing.
  expect(interrupted).toBeGreaterThan(20)
})
