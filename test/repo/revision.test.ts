import * as fc from 'fast-check'
import { base58btc } from 'multiformats/bases/base58'
import { describe, expect, test } from 'vitest'

import { cidOf, DAG_JSON, RAW } from '../../src/model/cid.ts'
import { encodeCommit } from '../../src/model/commit/commit.ts'
import { resolveCommit, resolveRevision, resolveTree } from '../../src/repo/revision.ts'
import type { RevisionOptions } from '../../src/repo/revision/revision-source.ts'
import { parseRevision } from '../../src/repo/revision/revision-syntax.ts'
import { makeRevisionRepository, person } from '../support/revision-repository.ts'

const repository = makeRevisionRepository()
const { source, cids, trees } = repository
const resolve = async (text: string, options?: RevisionOptions) =>
  (await resolveRevision(source, text, options)).cid.toString()

describe('refs', () => {
  test('the ref that was meant, and those that could have been', async () => {
    expect(await resolveRevision(source, 'both')).toEqual({
      cid: cids[1],
      ref: 'refs/tags/both',
      otherRefs: ['refs/heads/both'],
    })
    expect((await resolveRevision(source, 'main')).ref).toBe('refs/heads/main')
    expect((await resolveRevision(source, '@')).ref).toBe('HEAD')
    expect((await resolveRevision(source, 'main^0')).ref).toBe(undefined)
  })

  test('logs', async () => {
    for (const [text, at] of [
      ['main@{0}', 4],
      ['main@{1}', 2],
      ['main@{2}', 1],
      ['main@{3}', 0],
      ['@{1}', 2],
      ['HEAD@{1}', 3],
      ['main@{1}~1', 1],
      ['@{-1}', 3],
      ['@{-2}', 0],
      ['topic@{0}', 2],
    ] as const) {
      expect(await resolve(text)).toBe(cids[at].toString())
    }
    for (const text of ['main@{4}', 'nowhere@{0}', '@{-3}'])
      await expect(resolve(text)).rejects.toMatchObject({ code: 'revision-not-found' })
    for (const text of ['main@{yesterday}', 'main@{-1}', 'main@{'])
      await expect(resolve(text)).rejects.toMatchObject({
        code: expect.stringMatching(/^revision-(invalid|not-found)$/),
      })
  })

  test('what is not there is named, with what was perhaps meant', async () => {
    await expect(resolve('mian')).rejects.toMatchObject({
      code: 'revision-not-found',
      family: 'not-found',
      hint: 'did you mean main?',
    })
    await expect(resolve('zzzzzzzz~2')).rejects.toMatchObject({
      code: 'revision-not-found',
      message: expect.stringContaining('"zzzzzzzz"'),
    })
    const empty = { ...source, refs: { ...source.refs, headCommit: async () => undefined } }
    await expect(resolveCommit(empty, 'HEAD~1')).rejects.toMatchObject({
      code: 'revision-not-found',
      message: expect.stringContaining('no commit yet'),
    })
    await expect(resolve('HEAD~9')).rejects.toMatchObject({ message: expect.stringContaining('HEAD~9') })
  })
})

describe('CIDs', () => {
  test('whole, in any base, of a commit, a directory or a file, here or not', async () => {
    const file = cidOf(RAW, Buffer.from('4'))
    for (const cid of [cids[2], trees[2], file, cidOf(DAG_JSON, Buffer.from('elsewhere'))]) {
      expect(await resolve(cid.toString())).toBe(cid.toString())
      expect(await resolve(cid.toString(base58btc))).toBe(cid.toString())
    }
    expect(await resolve(`${cids[2].toString()}~1:a.txt`)).toBe(cidOf(RAW, Buffer.from('1')).toString())
    expect(await resolve(`${trees[2].toString()}:d/b.txt`)).toBe(cidOf(RAW, Buffer.from('b')).toString())
  })

  test('shortened: commits, tags and root directories', async () => {
    for (const cid of [...cids, repository.v1]) expect(await resolve(cid.toString().slice(0, 17))).toBe(cid.toString())
    expect(await resolve(trees[0].toString().slice(0, 15))).toBe(trees[0].toString())
    expect(await resolve(`${cids[4].toString().slice(0, 17)}^2`)).toBe(cids[3].toString())
    await expect(resolve('baguqeeraaaaa')).rejects.toMatchObject({ code: 'revision-not-found' })
    await expect(resolve(cids[0].toString().slice(0, 11))).rejects.toMatchObject({ code: 'revision-not-found' })
  })

  test('shortened so far that they can mean several', async () => {
    const {
      source: crowded,
      store,
      cids: [first],
      refs,
    } = makeRevisionRepository()
    const texts: string[] = []
    for (let number = 0; number < 4000; number++) {
      const block = encodeCommit({
        tree: trees[0],
        parents: [first],
        author: person(number),
        committer: person(number),
        message: '',
      })
      store.put(block)
      refs.set(`refs/heads/n${number}`, block.cid)
      texts.push(block.cid.toString())
    }
    const short = texts.map((text) => text.slice(0, 13)).find((prefix, at, all) => all.indexOf(prefix) !== at) as string
    const candidates = texts.filter((text) => text.startsWith(short)).toSorted()
    expect(candidates.length).toBeGreaterThan(1)
    await expect(resolveRevision(crowded, short)).rejects.toMatchObject({
      code: 'revision-ambiguous',
      family: 'invalid',
      details: { candidates },
    })
    expect((await resolveRevision(crowded, texts[0] as string)).cid.toString()).toBe(texts[0])
  })

  test('a log that names a commit that is gone does not stop the search', async () => {
    const gone = cidOf(DAG_JSON, Buffer.from('gone'))
    const log = async function* () {
      yield { before: gone, after: cids[4], message: '', person: person(0), operation: 1 }
    }
    const damaged = { ...source, refs: { ...source.refs, log } }
    expect((await resolveRevision(damaged, cids[0].toString().slice(0, 17))).cid.toString()).toBe(cids[0].toString())
  })
})

describe('types', () => {
  test('what is wanted is reached through tags', async () => {
    expect((await resolveCommit(source, 'v1-again')).toString()).toBe(cids[2].toString())
    expect((await resolveTree(source, 'v1-again')).toString()).toBe(trees[2].toString())
    expect((await resolveTree(source, 'dataset')).toString()).toBe(trees[3].toString())
    expect((await resolveTree(source, trees[1].toString())).toString()).toBe(trees[1].toString())
  })

  test.each([
    ['a directory', () => trees[0].toString(), 'a directory'],
    ['a file', () => cidOf(RAW, Buffer.from('4')).toString(), 'a file'],
    ['a tag of a directory', () => 'dataset', 'a directory'],
  ])('%s is no commit', async (_, text, is) => {
    await expect(resolveCommit(source, text())).rejects.toMatchObject({
      code: 'revision-wrong-type',
      family: 'invalid',
      message: expect.stringContaining(`is ${is}, not a commit`),
    })
  })

  test('nor is a node of another kind', async () => {
    const bytes = Buffer.from('{"type":"jzfs/run/1"}')
    repository.store.put({ cid: cidOf(DAG_JSON, bytes), bytes })
    await expect(resolveCommit(source, cidOf(DAG_JSON, bytes).toString())).rejects.toMatchObject({
      code: 'revision-wrong-type',
    })
  })

  test('a block that is missing is named', async () => {
    const elsewhere = cidOf(DAG_JSON, Buffer.from('elsewhere'))
    await expect(resolveCommit(source, elsewhere.toString())).rejects.toMatchObject({
      code: 'block-missing',
      details: { cid: elsewhere.toString() },
    })
  })
})

describe('paths of IPFS', () => {
  const file = (text: string) => cidOf(RAW, Buffer.from(text)).toString()
  const commit = cids[4].toString()

  test.each([
    [`/ipfs/${commit}`, () => commit],
    [`ipfs://${commit}`, () => commit],
    [`/ipfs/${commit}/`, () => commit],
    [`/ipfs/${commit}/tree`, () => trees[4].toString()],
    [`/ipfs/${commit}/tree/a.txt`, () => file('4')],
    [`/ipfs/${commit}/parents/1/tree/a.txt`, () => file('3')],
    [`/ipfs/${commit}~2/tree/a.txt`, () => file('1')],
    [`/ipfs/${commit}:d/b.txt`, () => file('b')],
    [`/ipfs/${commit}^{tree}/d/b.txt`, () => file('b')],
    [`/ipfs/${commit}/tree/d/e/c..d`, () => file('x')],
    [`/ipfs/${trees[1].toString()}/a.txt`, () => file('1')],
    [`ipfs://${commit}/tree/sp%20ace`, () => file(' ')],
    [`/ipfs/${commit}/tree/sp ace`, () => file(' ')],
    [`/ipfs/${repository.v1.toString()}/object/tree/a.txt`, () => file('2')],
  ])('%s', async (text, cid) => {
    expect(await resolve(text)).toBe(cid())
  })

  test.each(['tree/nothing', 'parents', 'parents/2', 'parents/01/tree', 'author', 'message', 'run', 'tree/a.txt/b'])(
    'nothing at %s',
    async (path) => {
      await expect(resolve(`/ipfs/${commit}/${path}`)).rejects.toMatchObject({ code: 'path-not-found' })
    },
  )

  test('names of the network are left to who can find them', async () => {
    const asked: string[] = []
    const resolveName = async (name: string) => (asked.push(name), cids[4])
    expect(await resolve('/ipns/k51abc/tree/a.txt', { resolveName })).toBe(file('4'))
    expect(await resolve('ipns://example.org', { resolveName })).toBe(commit)
    expect(await resolve('ipns://k51abc~1', { resolveName })).toBe(cids[2].toString())
    expect(asked).toEqual(['k51abc', 'example.org', 'k51abc'])
    await expect(resolve('ipns://k51abc')).rejects.toMatchObject({
      code: 'revision-invalid',
      hint: expect.stringContaining('jzfs resolve'),
    })
  })
})

describe('paths', () => {
  test('from a directory', async () => {
    const file = cidOf(RAW, Buffer.from('b')).toString()
    for (const [directory, path] of [
      ['d', './b.txt'],
      ['d/e', '../b.txt'],
      ['', './d/b.txt'],
      ['d/e', '../../d/./b.txt'],
    ] as const) {
      expect(await resolve(`HEAD:${path}`, { directory })).toBe(file)
    }
    await expect(resolve('HEAD:../b.txt')).rejects.toMatchObject({ code: 'path-not-found' })
  })

  test('staged', async () => {
    const findStaged = (path: string, stage: number) => (path === 'a' && stage === 2 ? trees[0] : undefined)
    expect(await resolve(':2:a', { findStaged })).toBe(trees[0].toString())
    await expect(resolve(':a', { findStaged })).rejects.toMatchObject({ code: 'path-not-found' })
    expect(parseRevision(':a:b').base).toEqual({ kind: 'index', stage: 0, path: 'a:b' })
  })
})

test('no text makes the parser fail in another way than by its own error', () => {
  const piece = fc.constantFrom(
    'a',
    '^',
    '~',
    ':',
    '@{',
    '}',
    '{',
    '..',
    '/',
    '/ipfs/',
    'ipns://',
    '%',
    '1',
    '-',
    '\n',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      try {
        parseRevision(pieces.join(''))
      } catch (error) {
        expect(error).toMatchObject({ code: 'revision-invalid' })
      }
    }),
    { numRuns: 2000 },
  )
})
