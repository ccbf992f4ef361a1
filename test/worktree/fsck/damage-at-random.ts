import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

import { expect } from 'vitest'

import { JzfsError } from '../../../src/model/errors.ts'
import { openRepository, type Repository } from '../../../src/repo/repository.ts'
import { matchesCid } from '../../../src/store/verify-block.ts'
import { checkWorkingRepository } from '../../../src/worktree/fsck/check-working-repository.ts'
import { repairRepository } from '../../../src/worktree/fsck/repair-repository.ts'
import { createRandom } from '../../support/random.ts'
import { all } from '../../support/store-files.ts'
import { collect, PRUNE } from '../gc/support.ts'
import { PERSON } from '../support/repository.ts'
import { sampleRepository } from './sample-repository.ts'

const author = { command: 'jzfs fsck --repair', person: PERSON }

/** Without these a folder is no repository, or another one. */
const NEEDED = new Set(['config.json'])

/**
 * Damages some files of a repository: check and repair must come to their end, no block that was sound may be lost, nothing may
 * be wrong that was not before, and files of the working tree stay. Returns how many errors there were before and after.
 */
export async function damageAtRandom(seed: number): Promise<{ before: number; after: number }> {
  const random = createRandom(seed)
  const { repository } = await sampleRepository()
  await repository.close()
  const damaged = Array.from({ length: 1 + Math.floor(random() * 3) }, () => damageOne(repository.path, random))
  const where = `seed ${seed}: ${damaged.join(', ')}`
  const content = readFileSync(join(repository.worktree!, 'two'), 'utf8')
  const sound = await soundBlocks(repository.path)
  const before = await errorsOf(repository.path, where)
  await repairAt(repository.path)
  const kept = await soundBlocks(repository.path)
  expect({ where, lost: [...sound].filter((cid) => !kept.has(cid)) }).toEqual({ where, lost: [] })
  const after = await errorsOf(repository.path, where)
  expect(after.length, `${where}\n${before.join('\n')}\nthen\n${after.join('\n')}`).toBeLessThanOrEqual(before.length)
  // Once more changes nothing.
  await repairAt(repository.path)
  expect(await errorsOf(repository.path, where), `${where}, once more`).toEqual(after)
  expect(readFileSync(join(repository.worktree!, 'two'), 'utf8')).toBe(content)
  return { before: before.length, after: after.length }
}

/**
 * Damages some files of a repository and collects garbage: where that is not refused, nothing is wrong that was not before.
 * Returns whether it was refused.
 */
export async function collectDamaged(seed: number): Promise<boolean> {
  const random = createRandom(seed)
  const { repository } = await sampleRepository()
  await repository.close()
  const where = `seed ${seed}: ${damageOne(repository.path, random)}`
  const before = await errorsOf(repository.path, where)
  const isRefused = await opened(repository.path, async (each) => {
    try {
      await collect(each, PRUNE)
      return false
    } catch (error) {
      if (!(error instanceof JzfsError)) throw new Error(where, { cause: error })
      return true
    }
  })
  const after = await errorsOf(repository.path, where)
  expect(after.length, `${where}\n${before.join('\n')}\nthen\n${after.join('\n')}`).toBeLessThanOrEqual(before.length)
  return isRefused
}

function damageOne(folder: string, random: () => number): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !NEEDED.has(entry.name) && !/\.(?:db|holder)/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const path = files[Math.floor(random() * files.length)]!
  const bytes = readFileSync(path)
  const at = Math.floor(random() * bytes.length)
  const how = Math.floor(random() * 5)
  if (how === 0 && relative(folder, path) !== 'HEAD') rmSync(path)
  else if (how === 1) writeFileSync(path, bytes.subarray(0, at))
  else if (how === 2) writeFileSync(path, Buffer.concat([bytes, Buffer.from('more')]))
  else if (bytes.length > 0) {
    bytes.fill(Math.floor(random() * 256), at, Math.min(bytes.length, at + 1 + Math.floor(random() * 40)))
    writeFileSync(path, bytes)
  }
  return `${relative(folder, path)} (${how} at ${at})`
}

async function opened<Result>(path: string, work: (repository: Repository) => Promise<Result>): Promise<Result> {
  const repository = await openRepository(path)
  try {
    return await work(repository)
  } finally {
    await repository.close()
  }
}

/** Every block that can be read, found by reading what files there are. */
function soundBlocks(path: string): Promise<Set<string>> {
  return opened(path, async ({ store, layout }) => {
    const found = new Set<string>()
    if (!existsSync(layout.packs)) return found
    try {
      for await (const cid of store.cids()) {
        const bytes = await store.get(cid).catch(() => undefined)
        if (bytes !== undefined && matchesCid(cid, bytes)) found.add(Buffer.from(cid.multihash.bytes).toString('hex'))
      }
    } catch (error) {
      // A pack that cannot be gone through.
      if (!(error instanceof JzfsError)) throw error
    }
    return found
  })
}

function errorsOf(path: string, where: string): Promise<string[]> {
  return opened(path, async (repository) => {
    const findings = await all(checkWorkingRepository(repository, { orphans: 'unreachable' })).catch(
      (error: unknown) => {
        throw new Error(where, { cause: error })
      },
    )
    return findings
      .filter(({ severity }) => severity === 'error')
      .map((finding) => `${finding.code} ${'where' in finding ? finding.where : 'path' in finding ? finding.path : ''}`)
  })
}

function repairAt(path: string): Promise<unknown> {
  return opened(path, (repository) => all(repairRepository(repository, author)))
}
