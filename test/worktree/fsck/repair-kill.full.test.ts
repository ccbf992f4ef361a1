import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { expect, it } from 'vitest'

import { openRepository } from '../../../src/repo/repository.ts'
import { checkWorkingRepository } from '../../../src/worktree/fsck/check-working-repository.ts'
import { createRandom } from '../../support/random.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { seededBytes } from '../../support/seeded.ts'
import { all } from '../../support/store-files.ts'
import { commitFiles } from '../gc/support.ts'
import { sampleRepository } from './sample-repository.ts'

const KILLS = 25
const SEED = 20_261_121
const MAIN = process.env['JZFS_MAIN'] ?? join(import.meta.dirname, '..', '..', '..', 'dist', 'cli', 'main.js')

/** A repository of which much is damaged, all of which can be repaired. */
async function damagedRepository(): Promise<string> {
  const { repository } = await sampleRepository()
  const many = Array.from({ length: 400 }, (_, at) => [`many-${at}`, seededBytes(`many ${at}`, 30_000)])
  await commitFiles(repository, Object.fromEntries(many) as Record<string, Uint8Array>)
  writeFileSync(join(repository.worktree!, 'two before'), 'content two')
  await repository.close()
  const { packs, index, head, logs, ops } = repository.layout
  for (const name of readdirSync(packs)) {
    const path = join(packs, name)
    if (statSync(path).size > 5_000_000) truncateSync(path, 6_000_000)
    else if (readFileSync(path).includes('content one')) writeFileSync(path, readFileSync(path).fill(7, 100, 200))
  }
  truncateSync(index, 500)
  writeFileSync(head, 'x')
  appendFileSync(join(logs, 'HEAD.log'), '{\n')
  writeFileSync(join(ops, '0', '2.json'), '')
  return repository.worktree!
}

async function errors(path: string): Promise<string[]> {
  const repository = await openRepository(path)
  const found = await all(checkWorkingRepository(repository, { orphans: 'none' }))
  await repository.close()
  return found.filter(({ severity }) => severity === 'error').map(({ code }) => code)
}

it(
  'a repair that is killed at any moment can be run again, and completes',
  { timeout: 300_000 },
  async ({ annotate }) => {
    const template = await damagedRepository()
    const folder = temporaryFolder()
    const env = {
      ...process.env,
      JZFS_HOME: join(folder, 'home'),
      JZFS_AUTHOR_NAME: 'A',
      JZFS_AUTHOR_EMAIL: 'a@example.org',
    }
    const start = (cwd: string) =>
      spawn(process.execPath, [MAIN, 'fsck', '--repair', '-q'], { cwd, env, stdio: 'ignore' })
    const top = join(folder, 'killed')
    const copy = (): void => {
      rmSync(top, { recursive: true, force: true })
      mkdirSync(top)
      cpSync(template, top, { recursive: true, preserveTimestamps: true })
    }
    copy()
    const begun = performance.now()
    expect((await once(start(top), 'exit'))[0]).toBe(0)
    const wholeMs = performance.now() - begun
    const random = createRandom(SEED)
    const left: number[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      copy()
      const child = start(top)
      const exit = once(child, 'exit')
      await sleep(wholeMs * (0.2 + random() * 0.8))
      child.kill('SIGKILL')
      await exit
      left.push((await errors(top)).length)
      const where = `seed ${SEED}, kill ${kill}`
      expect({ where, status: (await once(start(top), 'exit'))[0] }).toEqual({ where, status: 0 })
      expect({ where, errors: await errors(top) }).toEqual({ where, errors: [] })
      expect(readFileSync(join(top, 'two'), 'utf8')).toBe('changed content')
    }
    await annotate(`errors after each kill: ${left.join(' ')}`)
    // Otherwise the kills came at the wrong moments.
    expect(new Set(left).size).toBeGreaterThan(1)
  },
)
