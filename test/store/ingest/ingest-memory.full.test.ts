import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { IngestReport } from '../../support/ingest-process.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const MIB = 1_048_576
const MOST = 200 * MIB

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jzfs-memory-'))
  await bundle(join(directory, 'dist'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

/** Bundled as the program is: from source each thread would hold a compiler of TypeScript as well. */
async function bundle(dir: string): Promise<void> {
  const build = await rolldown({
    cwd: ROOT,
    platform: 'node',
    input: {
      'test/ingest-process': join(ROOT, 'test/support/ingest-process.ts'),
      'store/ingest-worker': join(ROOT, 'src/store/ingest-worker.ts'),
    },
  })
  await build.write({ dir, format: 'esm' })
  await build.close()
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
}

function report(files: string): IngestReport {
  const store = `${files} store`
  mkdirSync(store)
  const child = spawnSync(process.execPath, [join(directory, 'dist/test/ingest-process.js'), store, files], {
    encoding: 'utf8',
  })
  expect(child.stderr).toBe('')
  return JSON.parse(child.stdout) as IngestReport
}

describe('peak memory of a process that ingests, its threads included', () => {
  it('one file of 1 GiB', () => {
    const files = join(directory, 'big')
    mkdirSync(files)
    const file = openSync(join(files, 'file'), 'w')
    for (let i = 0; i < 128; i++) writeSync(file, randomBytes(8 * MIB))
    closeSync(file)
    const { files: count, blocks, peakBytes } = report(files)
    expect({ count, blocks }).toEqual({ count: 1, blocks: 1025 })
    expect(peakBytes).toBeLessThan(MOST)
  })

  it('100,000 files of 1 KiB', () => {
    const files = join(directory, 'small')
    mkdirSync(files)
    for (let i = 0; i < 100_000; i++) writeFileSync(join(files, String(i)), randomBytes(1024))
    const { files: count, blocks, peakBytes } = report(files)
    expect({ count, blocks }).toEqual({ count: 100_000, blocks: 100_000 })
    expect(peakBytes).toBeLessThan(MOST)
  })
})
