import { accessSync, constants, statfsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { defineConfig } from 'vitest/config'

/** `JZFS_TEST=full` adds the slow suites (`*.full.test.ts`): 1 GiB, 100,000 entries, kills, Kubo. */
const full = process.env['JZFS_TEST'] === 'full'

/** Bytes that must be free in memory for the default suite's files. */
const MEMORY_BYTES = 4 * 2 ** 30

/**
 * Where the default suite has its temporary files: in memory where Linux offers that, since it spends a third of its time in
 * waiting for fsync. The slow suites are about real disks, and use one.
 */
function temporaryFolder(): Record<string, string> {
  const memory = '/dev/shm'
  try {
    accessSync(memory, constants.W_OK)
    const { bavail, bsize } = statfsSync(memory)
    if (!full && process.env['TMPDIR'] === undefined && bavail * bsize >= MEMORY_BYTES) return { TMPDIR: memory }
  } catch {
    // Not Linux, or not allowed: the system's own folder.
  }
  return {}
}

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: {
    alias: { 'aegir/chai': fileURLToPath(new URL('../test/support/chai.ts', import.meta.url)) },
  },
  test: {
    include: full ? ['test/**/*.full.test.ts'] : ['test/**/*.test.ts'],
    exclude: full ? [] : ['test/**/*.full.test.ts'],
    env: temporaryFolder(),
    globals: true,
    pool: 'forks',
    // By default one core is left idle.
    maxWorkers: '100%',
    // Of the tests of one file that run at a time: those do their work in other processes.
    maxConcurrency: 3,
    testTimeout: full ? 600_000 : 60_000,
    hookTimeout: full ? 600_000 : 60_000,
    server: { deps: { inline: ['interface-blockstore-tests'] } },
  },
})
