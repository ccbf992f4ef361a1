import { expect, it } from 'vitest'

import { collectDamaged, damageAtRandom } from './damage-at-random.ts'

it('damage at random is found, and repairs make nothing worse', async ({ annotate }) => {
  const total = { before: 0, after: 0 }
  for (let seed = 1000; seed < 1300; seed++) {
    const { before, after } = await damageAtRandom(seed)
    total.before += before
    total.after += after
  }
  await annotate(`errors before and after: ${JSON.stringify(total)}`)
  expect(total.after).toBeLessThan(total.before / 2)
})

it('a collection in a repository that is damaged at random makes nothing worse', async ({ annotate }) => {
  let refused = 0
  for (let seed = 1000; seed < 1200; seed++) if (await collectDamaged(seed)) refused++
  await annotate(`refused: ${refused} of 200`)
  expect(refused).toBeLessThan(200)
})
