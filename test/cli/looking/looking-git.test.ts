import { expect, test } from 'vitest'

import { makeBothTools } from './both-tools.ts'
import { lookingCommands } from './command-lines.ts'
import { sketchTexts } from './sketched-texts.ts'

test.each([1, 2])('git says the same of history %i', { timeout: 60_000 }, async (seed) => {
  const { run } = await makeBothTools(sketchTexts(seed, 24))
  for (const words of lookingCommands(seed, 24)) {
    const { ours, theirs } = await run(...words)
    expect(ours, `seed ${seed}: ${words.join(' ')}`).toEqual(theirs)
  }
})
