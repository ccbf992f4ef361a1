import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { syncDirectory, writeFileDurably } from '../../src/store/durable.ts'
import { explainFsError, fsErrorCode } from '../../src/store/fs-errors.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('a durable write', () => {
  it('creates and replaces, and leaves nothing beside the file', async () => {
    const path = join(temporaryFolder(), 'file')
    await writeFileDurably(path, 'one', { mode: 0o600 })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await writeFileDurably(path, Uint8Array.of(1, 2))
    expect(readFileSync(path)).toEqual(Buffer.of(1, 2))
    expect(readdirSync(join(path, '..'))).toEqual(['file'])
  })

  it('that fails names the path, and leaves what was there', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'file'))
    writeFileSync(join(folder, 'file', 'inside'), 'x')
    await expect(writeFileDurably(join(folder, 'file'), 'x')).rejects.toMatchObject({
      code: 'is-a-directory',
      details: { path: join(folder, 'file') },
    })
    expect(readdirSync(folder)).toEqual(['file'])
    await expect(writeFileDurably(join(folder, 'none', 'file'), 'x')).rejects.toMatchObject({ code: 'path-missing' })
    await expect(syncDirectory(join(folder, 'none'))).rejects.toMatchObject({ code: 'path-missing' })
  })
})

describe('what a system error means', () => {
  it.each([
    ['ENOSPC', 'disk-full', 'unavailable'],
    ['EDQUOT', 'quota-exceeded', 'unavailable'],
    ['EACCES', 'permission-denied', 'unavailable'],
    ['EPERM', 'permission-denied', 'unavailable'],
    ['EROFS', 'read-only-file-system', 'unavailable'],
    ['EMFILE', 'too-many-open-files', 'unavailable'],
    ['EIO', 'disk-failing', 'unavailable'],
    ['ENOENT', 'path-missing', 'not-found'],
    ['EEXIST', 'path-exists', 'conflict'],
    ['ENOTDIR', 'not-a-directory', 'invalid'],
    ['ENAMETOOLONG', 'name-too-long', 'invalid'],
    ['ELOOP', 'too-many-symlinks', 'invalid'],
  ])('%s is %s', (code, expected, family) => {
    const cause = Object.assign(new Error(code), { code, syscall: 'open' })
    expect(fsErrorCode(cause)).toBe(code)
    const error = explainFsError(cause, '/some/path')
    expect(error).toMatchObject({ code: expected, family, cause, details: { path: '/some/path' } })
    expect(String(error)).toContain('/some/path')
  })

  it('is left as it is where it is none, or an unknown one', () => {
    const others = [new Error('x'), 'text', undefined, Object.assign(new Error('x'), { code: 'EXYZ', syscall: 'open' })]
    for (const other of others) expect(explainFsError(other, '/some/path')).toBe(other)
    expect(fsErrorCode(Object.assign(new Error('x'), { code: 'ERR_ASSERTION' }))).toBeUndefined()
  })
})
