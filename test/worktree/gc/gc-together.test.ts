import { expect, it } from 'vitest'

import { workTogether } from './gc-together.ts'

it('gc, a writer, clones and a node that serves, all at once', async () => {
  const { removed, clones } = await workTogether(20_261_121, 5)
  expect([removed > 0, clones > 0]).toEqual([true, true])
})
