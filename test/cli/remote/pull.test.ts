import { expect, test } from 'vitest'

import { openPullScene, OPTIONS } from './pull-comparison.ts'

const DEFAULT = [
  ['apart', 2],
  ['conflict', 1],
  ['dirty', 0],
] as const

test('a pull leaves what a pull of git leaves', async () => {
  const scene = await openPullScene()
  for (const [state, option] of DEFAULT) {
    await scene.prepare(state)
    const { status } = await scene.compare(['pull', ...OPTIONS[option]])
    expect([0, 1, 128]).toContain(status)
  }
})
