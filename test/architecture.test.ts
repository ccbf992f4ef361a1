import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { layerViolations } from './support/layers.ts'

describe('the layers of src', () => {
  it('hold', () => {
    expect(layerViolations(join(import.meta.dirname, '..', 'src'))).toEqual([])
  })
})

describe('the test of the layers', () => {
  let root: string
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'jzfs-layers-'))))
  afterEach(() => rmSync(root, { recursive: true }))

  const plant = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }

  it.each([
    ['store/pack.ts', "import { openRepository } from '../repo/repository.ts'\n"],
    ['repo/refs.ts', "export async function f() { await import('../worktree/status.ts') }\n"],
    ['store/loose.ts', "import { createHeliaLight } from 'helia'\n"],
    ['worktree/add.ts', "import { createIPNSRecord } from 'ipns'\n"],
    ['repo/config.ts', "export const home = process.env['HOME']\n"],
    ['sync/clone.ts', "export const f = () => console.log('x')\n"],
    ['model/commit.ts', "import { readFileSync } from 'node:fs'\n"],
    ['model/commit.ts', 'export const now = () => Date.now()\n'],
    ['utils/all.ts', ''],
  ])('finds a violation planted in %s', (file, text) => {
    plant(file, text)
    expect(layerViolations(root)).toHaveLength(1)
  })

  it('lets through what is allowed', () => {
    plant(
      'repo/refs.ts',
      "import { openStore } from '../store/store.ts'\nimport type { Helia } from 'helia'\n// process.env is read by cli\n",
    )
    plant('node/network.ts', "import { createHeliaLight } from 'helia'\n")
    expect(layerViolations(root)).toEqual([])
  })
})
