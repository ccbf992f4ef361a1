import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { type Plugin, rolldown } from 'rolldown'

/** Commands that share a module before it goes to the one chunk that all of them load: each file costs half a millisecond to load. */
const MANY_COMMANDS = 7

/**
 * Bundles the command line into `dist`: one entry for the program and one for each worker, the rest in shared chunks, so
 * that a command loads only what it needs.
 */
async function build(): Promise<void> {
  const root = join(import.meta.dirname, '..')
  const output = join(root, 'dist')
  const input = Object.fromEntries(
    ['cli/main', 'store/ingest-worker', 'store/copy-worker', 'worktree/look-ahead-worker']
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
    plugins: [BUILTINS, ASCII],
    // What is loaded when it is needed may be in the chunk that all load already: that is no mistake.
    onLog: (level, log, handler) => {
      if (log.code !== 'INEFFECTIVE_DYNAMIC_IMPORT') handler(level, log)
    },
  })
  rmSync(output, { recursive: true, force: true })
  const { output: written } = await bundle.write({
    dir: output,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    codeSplitting: { groups: [SHARED, NETWORK] },
    sourcemap: false,
    minify: { mangle: false, compress: true, codegen: true },
  })
  await bundle.close()
  refuseCycles(written.filter((file) => file.type === 'chunk'))
}

/**
 * Modules that are joined in groups can come to need each other: then one of them is used before it was evaluated, by those
 * commands that load them in that order.
 */
function refuseCycles(chunks: { fileName: string; imports: string[] }[]): void {
  const imports = new Map(chunks.map((chunk) => [chunk.fileName, chunk.imports]))
  const sound = new Set<string>()
  const visit = (chunk: string, above: string[]): void => {
    if (sound.has(chunk)) return
    if (above.includes(chunk)) throw new Error(`chunks import each other: ${[...above, chunk].join(' -> ')}`)
    for (const imported of imports.get(chunk) ?? []) visit(imported, [...above, chunk])
    sound.add(chunk)
  }
  for (const { fileName } of chunks) visit(fileName, [])
}

/** What is loaded also by a command that has nothing to do with a repository. */
const AT_START = /\/(errors|fs-errors|nearest|quote-name)\.ts$/

/** Small modules of the command line that many commands share, and that need nothing else than is in the chunk. */
const SMALL = /\/src\/cli\/(gathered-output|here|identity|numbers|operands|pager|pathspecs|revisions|style)\.ts$/

/** What goes to the one chunk: not what others have made of it, and not what is loaded before a command is known. */
const SHARED = {
  name: 'core',
  test: (file: string) =>
    (/\/src\/(model|store|repo|worktree)\//.test(file) && !AT_START.test(file)) || SMALL.test(file),
  minShareCount: MANY_COMMANDS,
  includeDependenciesRecursively: false,
}

/** What most commands that talk to others share; Helia and libp2p are loaded apart from it, where a node is started. */
const NETWORK = {
  name: 'network',
  test: /\/src\/(sync|http\/(control|open)|node\/home)/,
  minShareCount: 4,
  includeDependenciesRecursively: false,
}

/**
 * Reads what Node's own modules export, in place of importing it: to link an import Node reads every export of the module,
 * and so loads what is loaded at its first use else (streams, worker threads), for milliseconds. `fs/promises` itself is loaded by
 * the first call of one of its functions.
 */
const BUILTINS: Plugin = {
  name: 'builtins',
  renderChunk: (code) =>
    code.replaceAll(/^import \{([^}]*)\} from "(node:[^"]+)";$/gm, (_, names: string, builtin: string) => {
      if (builtin !== 'node:fs/promises')
        return `const {${names.replaceAll(' as ', ': ')}} = ${builtinModule(builtin)};`
      const functions = names.split(',').map((each) => {
        const [name = '', local = name] = each.trim().split(' as ')
        // They are in both modules, and this one is there.
        if (name === 'constants') return `const ${local} = ${builtinModule('node:fs')}.constants;`
        return `const ${local} = (...given) => ${builtinModule(builtin)}.${name}(...given);`
      })
      return functions.join('\n')
    }),
}

function builtinModule(name: string): string {
  return `process.getBuiltinModule(${JSON.stringify(name)})`
}

/** Escapes what is not ASCII: else V8 holds the whole text of a chunk in two bytes a character, and takes longer to read it. */
const ASCII: Plugin = {
  name: 'ascii',
  generateBundle: (_, bundle) => {
    for (const file of Object.values(bundle)) {
      if (file.type !== 'chunk') continue
      // oxlint-disable-next-line no-control-regex
      file.code = file.code.replaceAll(
        /[^\0-\x7f]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    }
  },
}

await build()
