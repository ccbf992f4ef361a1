import { describe, expect, test } from 'vitest'

import { temporaryFolder } from '../support/repository.ts'
import { killMany, prepareKills } from './kill-commands.ts'
import { KILL_SCENARIOS } from './kill-scenarios.ts'
import { createSeededRandom } from './support/seeded-random.ts'

const KILLS = 48

describe('a command that is killed is undone or to be finished, and the next one finishes it', () => {
  test.for(KILL_SCENARIOS.map(({ name }) => name))('%s', async (name, { annotate }) => {
    const folder = temporaryFolder()
    const seed = Date.now() % 1_000_000
    const prepared = await prepareKills(folder, name)
    const tally = await killMany(folder, prepared, KILLS, createSeededRandom(seed))
    await annotate(`seed ${seed}: ${JSON.stringify(tally)} in ${Math.round(prepared.durationMs)} ms`)
    expect(tally.kills).toBe(KILLS)
    // Else the kills all came before or after, and showed nothing.
    expect(tally.unfinished).toBeGreaterThan(0)
  })
})
