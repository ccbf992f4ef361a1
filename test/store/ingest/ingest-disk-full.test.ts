import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { IngestReport } from '../../support/ingest-process.ts'

const MIB = 1_048_576

const SCRIPT = fileURLToPath(new URL('../../support/ingest-process.ts', import.meta.url))

/** Mounts a file system of 8 MiB on $1, in a name space of its own; runs the other arguments; lists what they left. */
const ON_SMALL_DISK = 'store=$1 && shift && mount -t tmpfs -o size=8m tmpfs "$store" && "$@" && ls "$store" >&2'
const canMount = spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']).status === 0

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jzfs-full-disk-'))
  if (!canMount) process.stderr.write('SKIPPED: a full disk needs "unshare -rm" and mount\n')
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

describe.skipIf(!canMount)('a full disk', () => {
  it.each([
    ['few small files, in the calling thread', 20, 700_000],
    ['many small files', 5000, 4096],
    ['a big file', 1, 80 * MIB],
  ])('ends the ingest with one error and leaves nothing behind: %s', (_, count, size) => {
    const store = join(directory, `store ${count}`)
    const files = join(directory, `files ${count}`)
    mkdirSync(store)
    mkdirSync(files)
    for (let i = 0; i < count; i++) writeFileSync(join(files, String(i)), randomBytes(size))
    const command = [process.execPath, SCRIPT, store, files]
    const child = spawnSync('unshare', ['-rm', 'sh', '-c', ON_SMALL_DISK, 'sh', store, ...command], {
      encoding: 'utf8',
    })
    expect(child.stderr).toBe('')
    const report = JSON.parse(child.stdout) as IngestReport
    expect(report.code).toBe('disk-full')
  })
})
