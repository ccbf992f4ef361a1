import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { rolldown } from 'rolldown'

/** Commands that share a module before it goes to the one chunk that all of them load: each file costs half a millisecond to load. */
const MANY_COMMANDS = 10

/**
 * Bundles the command line into `dist`: one entry for the program and one for each worker, the rest in shared chunks, so
 * that a command loads only what it needs.
 */
async function build(): Promise<void> {
  const root = join(import.meta.dirname, '..')
  const output = join(root, 'dist')
  const input = Object.fromEntries(
    ['cli/main', 'store/ingest-worker']
      .filter((entry) => existsSync(join(root, 'src', `${entry}.ts`)))
      .map((entry) => [entry, join(root, 'src', `${entry}.ts`)]),
  )
  const bundle = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    external: ['classic-level', /\.node$/],
    logLevel: 'warn',
    // What is loaded when it is needed may be in the chunk that all load already: that is no mistake.
    onLog: (level, log, handler) => {
      if (log.code !== 'INEFFECTIVE_DYNAMIC_IMPORT') handler(level, log)
    },
  })
  rmSync(output, { recursive: true, force: true })
  await bundle.write({
    dir: output,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    codeSplitting: { groups: [SHARED] },
    sourcemap: false,
    minify: { mangle: false, compress: true, codegen: true },
  })
  await bundle.close()
}

/** What is loaded also by a command that has nothing to do with a repository. */
const AT_START = /\/(errors|fs-errors|nearest|quote-name)\.ts$/

/** What goes to the one chunk: not what others have made of it, and not what is loaded before a command is known. */
const SHARED = {
  name: 'core',
  test: (file: string) => /\/src\/(model|store|repo|worktree)\//.test(file) && !AT_START.test(file),
  minShareCount: MANY_COMMANDS,
  includeDependenciesRecursively: false,
}

await build()
