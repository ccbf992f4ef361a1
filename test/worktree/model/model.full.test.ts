import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { temporaryFolder } from '../../support/repository.ts'
import { createSeededRandom } from '../support/seeded-random.ts'
import { beginModel, modelCommands, type Real } from './model-commands.ts'

const env = { JZFS_AUTHOR_NAME: 'Ann', JZFS_AUTHOR_EMAIL: 'ann@example.org', SOURCE_DATE_EPOCH: '1767225600' }

test('the same where every third command is killed', { timeout: 900_000 }, async ({ annotate }) => {
  const folder = temporaryFolder()
  const program = copyProgram(folder)
  const tally = { commands: 0, kills: 0, interrupted: 0 }
  await fc.assert(
    fc.asyncProperty(modelCommands(40), fc.nat(), async (commands, seed) => {
      const real = startReal(program, temporaryFolder(), seed, tally)
      const model = await beginModel(real)
      real.mayKill = true
      await fc.asyncModelRun(() => ({ model, real }), commands)
    }),
    { numRuns: 80, endOnFailure: true },
  )
  await annotate(JSON.stringify(tally))
  expect(tally.kills).toBeGreaterThan(50)
  // Else the kills all came before the operation had begun, or after it.
  expect(tally.interrupted).toBeGreaterThan(5)
})

/** A repository whose commands are processes, and some of them are killed. */
function startReal(
  program: string,
  top: string,
  seed: number,
  tally: { commands: number; kills: number; interrupted: number },
): Real & { mayKill: boolean } {
  const random = createSeededRandom(seed)
  const pending = join(top, '.jzfs/ops/pending.json')
  const start = (args: string[]) =>
    spawn(process.execPath, [program, ...args], {
      cwd: top,
      env: { ...process.env, HOME: top, ...env },
      stdio: 'ignore',
    })
  const real = {
    top,
    mayKill: false,
    async run(args: string[]) {
      tally.commands++
      const child = start(args)
      const exit = once(child, 'exit') as Promise<[number | null]>
      if (!real.mayKill || !random.chance(1 / 3)) return (await exit)[0] ?? undefined
      if (random.chance(0.7)) while (!existsSync(pending) && child.exitCode === null) await sleep(0)
      else await sleep(random.below(150))
      child.kill('SIGKILL')
      const [status] = await exit
      if (status !== null) return status
      tally.kills++
      if (existsSync(pending)) tally.interrupted++
      return undefined
    },
    async recover() {
      // A command that takes the lock, and changes nothing that is compared.
      spawnSync(process.execPath, [program, 'config', 'user.name', 'Ann'], {
        cwd: top,
        env: { ...process.env, ...env },
      })
      expect(existsSync(pending)).toBe(false)
    },
  }
  return real
}

/** The bundle as it is now: it may be built anew while the test runs. */
function copyProgram(folder: string): string {
  const program = join(folder, 'program')
  cpSync(join(import.meta.dirname, '..', '..', '..', 'dist'), program, { recursive: true })
  writeFileSync(join(program, 'package.json'), '{"type":"module"}')
  return join(program, 'cli', 'main.js')
}
