import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { createRepositoryRegistry, type RegisteredRepository } from '../../../src/node/home/repository-registry.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jzfs-registry-'))
  path = join(folder, 'repositories.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

const { name } = generateEd25519Key()
const repository: RegisteredRepository = {
  id: 'id-1',
  path: '/data/set/.jzfs',
  name: 'set',
  heads: [
    { ref: 'refs/heads/main', key: 'id-1/main', name, audience: 'public' },
    { ref: 'refs/heads/team', key: 'id-1/team', name, audience: { peers: ['12D3KooW'] } },
  ],
}

describe('repositories.json', () => {
  it('is empty where it is missing, and gives back what was written', async () => {
    const registry = createRepositoryRegistry(path)
    expect(registry.list()).toEqual([])
    await registry.write([repository])
    expect(registry.list()).toEqual([repository])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  const broken: [string, unknown][] = [
    ['file', 'no object'],
    ['format', { format: 0, repositories: [] }],
    ['extra', { format: 1, repositories: [], extra: 1 }],
    ['repositories', { format: 1, repositories: {} }],
    ['id', { format: 1, repositories: [{ ...repository, id: 7 }] }],
    ['id', { format: 1, repositories: [repository, { ...repository, name: 'other' }] }],
    ['name', { format: 1, repositories: [repository, { ...repository, id: 'id-2' }] }],
    ['path', { format: 1, repositories: [{ ...repository, path: 'relative' }] }],
    ['ref', { format: 1, repositories: [{ ...repository, heads: [{ ...repository.heads[0], ref: 'a..b' }] }] }],
    ['ref', { format: 1, repositories: [{ ...repository, heads: [repository.heads[0], repository.heads[0]] }] }],
    ['name', { format: 1, repositories: [{ ...repository, heads: [{ ...repository.heads[0], name: 'x' }] }] }],
    [
      'audience',
      { format: 1, repositories: [{ ...repository, heads: [{ ...repository.heads[0], audience: 'all' }] }] },
    ],
  ]
  it.each(broken)('damaged at "%s" is refused', (field, value) => {
    writeFileSync(path, JSON.stringify(value))
    expect(() => createRepositoryRegistry(path).list()).toThrow(
      expect.objectContaining({ code: 'repositories-corrupt', details: { path, field } }),
    )
  })

  it('cut short is refused', () => {
    writeFileSync(path, '{"format":1,')
    expect(() => createRepositoryRegistry(path).list()).toThrow(
      expect.objectContaining({ code: 'repositories-corrupt' }),
    )
  })

  it('of a newer format says to upgrade', () => {
    writeFileSync(path, '{"format":2,"whatever":true}')
    expect(() => createRepositoryRegistry(path).list()).toThrow(expect.objectContaining({ code: 'home-format-newer' }))
  })
})
