import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

import { expect, test } from 'vitest'

const SRC = join(import.meta.dirname, '..', '..', '..', 'src')

test('what a status and a list of branches load has nothing of the network in it', () => {
  for (const command of ['status', 'branch', 'switch', 'for-each-ref']) {
    const loaded = loadedBy(join(SRC, 'cli', 'commands', `${command}.ts`))
    expect(loaded.size).toBeGreaterThan(20)
    expect([...loaded].filter((path) => /^(?:sync|node|http)\//.test(path))).toEqual([])
  }
})

/** The files that are loaded before anything runs: types and dynamic imports are not among them. */
function loadedBy(file: string, loaded = new Set<string>()): Set<string> {
  const path = relative(SRC, file)
  if (loaded.has(path)) return loaded
  loaded.add(path)
  const imports = readFileSync(file, 'utf8').matchAll(/^import (?!type )[^'"]*?from '(\.[^']+)'/gm)
  for (const [, target = ''] of imports) loadedBy(join(dirname(file), target), loaded)
  return loaded
}
