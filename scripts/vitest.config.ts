import { fileURLToPath } from 'node:url'

import { defineConfig } from 'vitest/config'

/** `JZFS_TEST=full` adds the slow suites (`*.full.test.ts`): 1 GiB, 100,000 entries, kills, Kubo. */
const full = process.env['JZFS_TEST'] === 'full'

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: {
    alias: { 'aegir/chai': fileURLToPath(new URL('../test/support/chai.ts', import.meta.url)) },
  },
  test: {
    include: full ? ['test/**/*.full.test.ts'] : ['test/**/*.test.ts'],
    exclude: full ? [] : ['test/**/*.full.test.ts'],
    globals: true,
    pool: 'forks',
    // By default one core is left idle.
    maxWorkers: '100%',
    testTimeout: full ? 600_000 : 60_000,
    hookTimeout: full ? 600_000 : 60_000,
    server: { deps: { inline: ['interface-blockstore-tests'] } },
  },
})
