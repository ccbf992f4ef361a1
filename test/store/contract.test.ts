import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { interfaceBlockstoreTests } from 'interface-blockstore-tests'
import { afterAll, beforeAll, describe } from 'vitest'

import { openStore } from '../../src/store/store.ts'

let folder: string
let stores = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jzfs-contract-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

describe('the store as a Blockstore', () => {
  interfaceBlockstoreTests({
    setup: async () => {
      const store = await openStore(join(folder, String(++stores)))
      return store.blockstore
    },
    teardown: () => {},
  })
})
