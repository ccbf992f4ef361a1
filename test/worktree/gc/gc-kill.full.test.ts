import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { expect, it } from 'vitest'

import { initRepository } from '../../../src/repo/init-repository.ts'
import { deleteBranch } from '../../../src/repo/refs/branch.ts'
import { openRepository } from '../../../src/repo/repository.ts'
import { switchTo } from '../../../src/worktree/switch/switch.ts'
import { createRandom } from '../../support/random.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { seededBytes } from '../../support/seeded.ts'
import { PERSON } from '../support/repository.ts'
import { commitFiles, problems, stored } from './support.ts'

const KILLS = 30
const SEED = 20_261_121
const MAIN = join(import.meta.dirname, '..', '..', '..', 'dist', 'cli', 'main.js')
const GC = [MAIN, 'gc', '-q', '--prune=now', '--expire=now']
const author = { command: 'test', person: PERSON }

/** Twelve commits of 4 MiB, three of them on branches that were deleted; the blocks that stay. */
async function makeTemplate(folder: string): Promise<void> {
  const repository = await initRepository(folder)
  for (let number = 0; number < 12; number++) {
    const isGarbage = number % 4 === 3
    if (isGarbage) await switchTo(repository, { create: 'aside' }, author)
    const files = Array.from({ length: 64 }, (_, at) => [`${number}-${at}`, seededBytes(`${number} ${at}`, 65_536)])
    await commitFiles(repository, Object.fromEntries(files) as Record<string, Uint8Array>)
    if (!isGarbage) continue
    await switchTo(repository, { branch: 'main' }, author)
    await deleteBranch(repository, { name: 'aside', force: true }, author)
  }
  await repository.close()
}

it(
  'a collection that is killed at any moment loses nothing, and the next one completes it',
  { timeout: 240_000 },
  async ({ annotate }) => {
    const folder = temporaryFolder()
    const env = { ...process.env, JZFS_HOME: join(folder, 'home') }
    const template = join(folder, 'template')
    mkdirSync(template)
    await makeTemplate(template)
    const random = createRandom(SEED)
    const copy = (name: string): string => {
      cpSync(template, join(folder, name), { recursive: true, preserveTimestamps: true })
      return join(folder, name)
    }
    const whole = copy('whole')
    const started = performance.now()
    expect(spawnSync(process.execPath, GC, { cwd: whole, env }).status).toBe(0)
    const wholeMs = performance.now() - started
    const finished = await openRepository(whole)
    const expected = await stored(finished)
    await finished.close()
    const met = { untouched: 0, between: 0, complete: 0 }
    for (let kill = 0; kill < KILLS; kill++) {
      const top = copy('killed')
      const packs = join(top, '.jzfs', 'packs')
      const before = readdirSync(packs).sort()
      const child = spawn(process.execPath, GC, { cwd: top, env, stdio: 'ignore' })
      const exit = once(child, 'exit')
      await sleep(wholeMs * (0.3 + random() * 0.7))
      child.kill('SIGKILL')
      await exit
      const repository = await openRepository(top)
      const where = `seed ${SEED}, kill ${kill}`
      expect(await problems(repository), `at ${where}`).toEqual([])
      expect(await stored(repository), `at ${where}`).toEqual(expect.arrayContaining(expected))
      const left = readdirSync(packs).sort()
      const isSame = left.join() === before.join()
      met[isSame ? 'untouched' : left.some((name) => before.includes(name)) ? 'between' : 'complete']++
      const again = spawnSync(process.execPath, GC, { cwd: top, env, encoding: 'utf8' })
      expect([again.status, again.stderr], `at ${where}`).toEqual([0, ''])
      expect(await problems(repository), `at ${where}`).toEqual([])
      repository.store.refresh()
      expect(await stored(repository), `at ${where}`).toEqual(expected)
      const temporary = readdirSync(repository.layout.tmp).filter((name) => name.startsWith('pack-'))
      expect(temporary, `at ${where}`).toEqual([])
      await repository.close()
      rmSync(top, { recursive: true })
    }
    // Otherwise the kills came at the wrong moments, and this test has shown nothing.
    expect(met.untouched, `met: ${JSON.stringify(met)}`).toBeGreaterThan(0)
    expect(met.between + met.complete, `met: ${JSON.stringify(met)}`).toBeGreaterThan(0)
    await annotate(`met: ${JSON.stringify(met)}`)
  },
)
