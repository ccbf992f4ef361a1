import fc from 'fast-check'
import { expect, test } from 'vitest'

import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'
import { beginModel, modelCommands, type Real } from './model-commands.ts'

test('the repository is what a plain map of files says, whatever commands are run', { timeout: 60_000 }, async () => {
  let steps = 0
  await fc.assert(
    fc.asyncProperty(modelCommands(25), async (commands) => {
      const top = temporaryFolder()
      const real: Real = {
        top,
        run: async (args) => {
          steps++
          return (await runHere(top, args)).status
        },
        recover: () => Promise.resolve(),
      }
      const model = await beginModel(real)
      await fc.asyncModelRun(() => ({ model, real }), commands)
    }),
    { numRuns: 6, endOnFailure: true },
  )
  expect(steps).toBeGreaterThan(20)
})
