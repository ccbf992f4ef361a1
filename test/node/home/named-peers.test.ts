import { expect, it } from 'vitest'

import { isPeerNamed } from '../../../src/node/home/named-peers.ts'
import type { RegisteredRepository } from '../../../src/node/home/repository-registry.ts'

const bare: RegisteredRepository = { id: '1', path: '/data', name: 'data', heads: [] }
const peers = ['peer X', 'peer Y']
const key = { key: 'data.main', name: 'k51' }

it.each<[string, RegisteredRepository, boolean]>([
  ['may push', { ...bare, writers: peers }, true],
  ['is given what will be pushed', { ...bare, publishesPushed: { peers } }, true],
  ['is given a branch', { ...bare, heads: [{ ...key, ref: 'refs/heads/main', audience: { peers } }] }, true],
  ['is given a tag', { ...bare, tags: [{ ref: 'refs/tags/v1', audience: { peers } }] }, true],
  ['is given what everybody is', { ...bare, heads: [{ ...key, ref: 'refs/heads/main', audience: 'public' }] }, false],
  ['is given nothing', { ...bare, writers: ['peer Z'] }, false],
])('a peer that %s is known by that alone', (_what, repository, isNamed) => {
  expect(isPeerNamed([bare, repository], 'peer Y')).toBe(isNamed)
})
