import { describe, expect, test } from 'vitest'

import { temporaryFolder } from '../support/repository.ts'
import { killMany, prepareKills } from './kill-commands.ts'
import { createSeededRandom } from './support/seeded-random.ts'

const SOME = ['switch', 'restore', 'mv']

describe('a command that is killed is undone or to be finished, and the next one finishes it', () => {
  test.for(SOME)('%s', { timeout: 60_000 }, async (name, { annotate }) => {
    const folder = temporaryFolder()
    const prepared = await prepareKills(folder, name)
    const tally = await killMany(folder, prepared, 4, createSeededRandom(7))
    await annotate(JSON.stringify(tally))
    expect(tally.unfinished).toBeGreaterThan(0)
  })
})
