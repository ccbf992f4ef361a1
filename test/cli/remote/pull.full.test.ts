import { expect, test } from 'vitest'

import { openPullScene, OPTIONS, STATES } from './pull-comparison.ts'

test('a pull leaves what a pull of git leaves, with all options in all states', async () => {
  const scene = await openPullScene()
  let pulls = 0
  for (const state of STATES) {
    for (const options of OPTIONS) {
      await scene.prepare(state)
      await scene.compare(['pull', ...options])
      pulls++
    }
    for (const args of [['merge'], ['rebase']]) {
      await scene.prepare(state)
      await scene.compare(args)
      pulls++
    }
    for (const [key, value] of [
      ['pull.rebase', 'true'],
      ['pull.rebase', 'false'],
      ['pull.ff', 'only'],
      ['branch.work.rebase', 'true'],
    ] as const) {
      await scene.prepare(state)
      scene.clone.git(['config', key, value])
      await scene.clone.jzfs(['config', key, value])
      await scene.compare(['pull'])
      scene.clone.git(['config', '--unset', key])
      await scene.clone.jzfs(['config', '--unset', key])
      pulls++
    }
  }
  expect(pulls).toBe(STATES.length * (OPTIONS.length + 6))
}, 300_000)
