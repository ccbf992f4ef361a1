import { spawnSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import type { Repository } from '../../../src/repo/repository.ts'
import { readIndexFile } from '../../../src/worktree/index/index-file.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { add, commit, openTestRepository } from '../support/repository.ts'

const MIB = 1_048_576
const PROGRAM = fileURLToPath(new URL('../../support/add-and-die.ts', import.meta.url))

let top: string
let repository: Repository

beforeEach(async () => {
  top = temporaryFolder()
  const opened = await openTestRepository(top)
  repository = opened
  onTestFinished(() => opened.close())
})

/** Writes a file of random bytes that is a minute old. */
function writeBig(name: string, sizeBytes: number): void {
  writeFileSync(join(top, name), randomFillSync(Buffer.alloc(sizeBytes)))
  const past = new Date(Date.now() - 60_000)
  utimesSync(join(top, name), past, past)
}

/** Adds everything; returns how many bytes of the working tree were read for it. */
async function bytesToAdd(options: Parameters<typeof add>[2] = {}): Promise<number> {
  let read = 0
  await add(repository, [], { ...options, onProgress: ({ bytes }) => (read = bytes) })
  return read
}

/** The CID of a file when it is read as a whole, in a repository that knows nothing of it. */
async function cidFromScratch(name: string): Promise<string> {
  rmSync(repository.layout.index)
  await repository.close()
  rmSync(repository.layout.packs, { recursive: true })
  repository = await openTestRepository(top)
  await add(repository)
  return stagedCid(name)
}

function stagedCid(name: string): string {
  const index = readIndexFile(repository.layout.index)
  return index.cid(index.find(name)).toString()
}

function addAndDie(checkpointBytes: number): void {
  const { signal, stderr } = spawnSync(process.execPath, [PROGRAM, top, String(checkpointBytes)], { encoding: 'utf8' })
  expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' })
}

describe('an add that was killed', () => {
  test('is resumed: what was made durable is not read again', async () => {
    writeBig('first', 32 * MIB)
    writeBig('second', 96 * MIB)
    addAndDie(48 * MIB)
    expect(readdirSync(repository.layout.packs)).toHaveLength(1)
    expect(existsSync(repository.layout.index)).toBe(false)

    const read = await bytesToAdd()
    expect(read).toBeLessThanOrEqual((32 + 96 - 32) * MIB)
    expect(read).toBeGreaterThan(0)
    expect(existsSync(repository.layout.addProgress)).toBe(false)
    expect(readdirSync(repository.layout.tmp)).toEqual([])
    const resumed = stagedCid('second')
    expect(await cidFromScratch('second')).toBe(resumed)
  })

  test('is not believed for a file that changed since, or whose pack is gone', async () => {
    writeBig('big', 96 * MIB)
    addAndDie(32 * MIB)
    writeBig('big', 96 * MIB)
    expect(await bytesToAdd()).toBe(96 * MIB)
    expect(existsSync(repository.layout.addProgress)).toBe(false)

    writeBig('big', 96 * MIB)
    addAndDie(32 * MIB)
    for (const pack of readdirSync(repository.layout.packs)) rmSync(join(repository.layout.packs, pack))
    await repository.close()
    repository = await openTestRepository(top)
    expect(await bytesToAdd()).toBe(96 * MIB)
  })

  test('loses nothing but work where its record is damaged', async () => {
    writeBig('big', 64 * MIB)
    addAndDie(32 * MIB)
    writeFileSync(repository.layout.addProgress, '{"type":"jzfs/add-progress/1","files":[{"path":"big"')
    expect(await bytesToAdd()).toBe(64 * MIB)
    expect(await commit(repository)).toBeDefined()
  })

  test('is forgotten when its file is gone', async () => {
    writeBig('big', 64 * MIB)
    addAndDie(32 * MIB)
    rmSync(join(top, 'big'))
    writeFileSync(join(top, 'small'), 'small')
    await add(repository)
    expect(existsSync(repository.layout.addProgress)).toBe(false)
  })
})

describe('an add that refused one file', () => {
  test('has stored the others: they are not read again', async () => {
    writeBig('fine', 40 * MIB)
    writeBig('restless', 40 * MIB)
    const disturb = () => appendFileSync(join(top, 'restless'), 'x')
    await expect(add(repository, [], { onProgress: disturb })).rejects.toMatchObject({ code: 'file-changed' })
    expect(existsSync(repository.layout.index)).toBe(false)

    const past = new Date(Date.now() - 60_000)
    utimesSync(join(top, 'restless'), past, past)
    const read = await bytesToAdd()
    expect(read).toBeLessThan(41 * MIB)
    expect(read).toBeGreaterThanOrEqual(40 * MIB)
    expect(existsSync(repository.layout.addProgress)).toBe(false)
  })

  test('has stored small ones, too: their blocks are not written again', async () => {
    const small = randomFillSync(Buffer.alloc(MIB))
    writeFileSync(join(top, 'fine'), small)
    writeBig('restless', 40 * MIB)
    const disturb = () => appendFileSync(join(top, 'restless'), 'x')
    await expect(add(repository, [], { onProgress: disturb })).rejects.toMatchObject({ code: 'file-changed' })
    rmSync(join(top, 'restless'))
    const before = readdirSync(repository.layout.packs)
    await add(repository)
    expect(readdirSync(repository.layout.packs)).toEqual(before)
    expect(stagedCid('fine')).toBeDefined()
  })
})
