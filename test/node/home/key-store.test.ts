import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { createKeyStore } from '../../../src/node/home/key-store.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'jzfs-keys-'))))
afterEach(() => rmSync(folder, { recursive: true }))

describe('the key store', () => {
  it('makes a key once and then keeps it, readable by its owner only', async () => {
    const keys = createKeyStore(folder)
    expect(keys.read('self')).toBeUndefined()
    const made = await keys.readOrCreate('self')
    expect(await keys.readOrCreate('self')).toEqual(made)
    expect(createKeyStore(folder).read('self')).toEqual(made)
    expect(statSync(join(folder, 'self')).mode & 0o777).toBe(0o600)
  })

  it('keeps any names apart, in files that any file system keeps apart', async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-zA-Z0-9/._é-]{1,20}$/), { minLength: 2, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(names, async (list) => {
        const own = mkdtempSync(join(folder, 'p-'))
        const keys = createKeyStore(own)
        for (const name of list) await keys.readOrCreate(name)
        expect(keys.list()).toEqual([...list].sort())
        expect(new Set(readdirSync(own).map((file) => file.toLowerCase())).size).toBe(list.length)
      }),
      { numRuns: 20 },
    )
  })

  it('says which file is damaged', () => {
    writeFileSync(join(folder, 'self'), 'no key')
    expect(() => createKeyStore(folder).read('self')).toThrow(
      expect.objectContaining({ code: 'key-corrupt', details: { path: join(folder, 'self') } }),
    )
  })
})
