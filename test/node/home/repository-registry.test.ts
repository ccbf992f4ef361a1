import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
const cid = 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'
const whole: RegisteredRepository = {
  ...repository,
  manifest: { key: 'id-1', name },
  description: 'what was seen',
  heads: repository.heads.map((head) => ({ ...head, cid })),
  tags: [
    { ref: 'refs/tags/v1', audience: 'public', cid, follows: true },
    { ref: 'refs/tags/v2', audience: { peers: ['12D3KooW'] }, cid, key: 'id-1/refs/tags/v2', name },
  ],
  writers: ['12D3KooW'],
  publishesPushed: 'public',
}

describe('repositories.json', () => {
  it('is empty where it is missing, and gives back what was written', async () => {
    const registry = createRepositoryRegistry(path)
    expect(registry.list()).toEqual([])
    await registry.write([repository])
    expect(registry.list()).toEqual([repository])
    await registry.write([whole])
    expect(registry.list()).toEqual([whole])
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
    ['stars', { format: 2, repositories: [{ ...whole, stars: 5 }] }],
    ['cid', { format: 2, repositories: [{ ...whole, heads: [{ ...whole.heads[0], cid: 'x' }] }] }],
    ['name', { format: 2, repositories: [{ ...whole, manifest: { key: 'id-1', name: 'x' } }] }],
    ['ref', { format: 2, repositories: [{ ...whole, tags: [whole.tags?.[0], whole.tags?.[0]] }] }],
    ['follows', { format: 2, repositories: [{ ...whole, heads: [{ ...whole.heads[0], follows: 1 }] }] }],
    ['writers', { format: 2, repositories: [{ ...whole, writers: [''] }] }],
    ['audience', { format: 2, repositories: [{ ...whole, publishesPushed: 'all' }] }],
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

  it('of format 1 is read, and written as the present one', async () => {
    writeFileSync(path, JSON.stringify({ format: 1, repositories: [repository] }))
    const registry = createRepositoryRegistry(path)
    expect(registry.list()).toEqual([repository])
    await registry.write(registry.list())
    expect(readFileSync(path, 'utf8')).toMatch(/^\{\s*"format": 2,/)
  })

  it('cut short is refused', () => {
    writeFileSync(path, '{"format":1,')
    expect(() => createRepositoryRegistry(path).list()).toThrow(
      expect.objectContaining({ code: 'repositories-corrupt' }),
    )
  })

  it('of a newer format says to upgrade', () => {
    writeFileSync(path, '{"format":3,"whatever":true}')
    expect(() => createRepositoryRegistry(path).list()).toThrow(expect.objectContaining({ code: 'home-format-newer' }))
  })
})
