import { expect, it } from 'vitest'

import { killClones, killPins, shareDataset } from './clone-kills.ts'

it('a clone that is killed at any of many moments is resumed to the exact dataset', async () => {
  const tally = await killClones(await shareDataset(), 48)
  process.stdout.write(`clones that were killed: ${JSON.stringify(tally)}\n`)
  expect(tally.unfinished).toBeGreaterThan(0)
  expect(tally.edited).toBeGreaterThan(0)
})

it('a pin that is killed at any of many moments is resumed to the whole dataset', async () => {
  const source = await shareDataset()
  await killPins(source, 12)
  expect(source.share.name).toMatch(/^k51/)
})
