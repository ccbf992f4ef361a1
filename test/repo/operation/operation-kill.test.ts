import { expect, test } from 'vitest'

import { killOperations } from './operation-kill.ts'

test('a process that is killed leaves each operation undone or done, and the next lock completes it', async () => {
  const { operations } = await killOperations(10)
  expect(operations).toBeGreaterThan(10)
})
