import { expect, test } from 'vitest'

import { makeBothTools } from './both-tools.ts'
import { lookingCommands } from './command-lines.ts'
import { sketchTexts } from './sketched-texts.ts'

const SEEDS = Array.from({ length: 30 }, (_, at) => at + 100)

test.each(SEEDS)('git says the same of history %i', { timeout: 120_000 }, async (seed) => {
  const { run } = await makeBothTools(sketchTexts(seed, 40))
  for (const words of lookingCommands(seed, 40)) {
    const { ours, theirs } = await run(...words)
    expect(ours, `seed ${seed}: ${words.join(' ')}`).toEqual(theirs)
  }
})
