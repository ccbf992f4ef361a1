import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { cidOf, RAW } from '../../src/model/cid.ts'
import { resolveRevisions, splitRange } from '../../src/repo/revision-range.ts'
import { resolveRevision } from '../../src/repo/revision.ts'
import { makeRevisionRepository } from '../support/revision-repository.ts'

const repository = makeRevisionRepository()
const { source, cids, trees } = repository
const resolve = async (text: string) => (await resolveRevision(source, text)).cid.toString()

/** The same history in real git, and what `rev-parse` gives there as a name of ours. */
describe('git agrees', () => {
  let folder = ''
  let byHash = new Map<string, string>()
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', ...who },
    }).trim()
  const who = {
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@x',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@x',
    GIT_AUTHOR_DATE: '@1000000000 +0000',
    GIT_COMMITTER_DATE: '@1000000000 +0000',
  }
  const run = (input: string, ...args: string[]) =>
    execFileSync('git', ['-C', folder, ...args], {
      input,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...who },
    }).trim()

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'jzfs-rev-'))
    git('init', '-q', '-b', 'main', '--bare')
    const blob = (text: string) => run(text, 'hash-object', '-w', '--stdin')
    const tree = (lines: string[]) => run(`${lines.join('\n')}\n`, 'mktree')
    const entry = (text: string, name: string) => `100644 blob ${blob(text)}\t${name}`
    const e = tree([entry('x', 'c..d')])
    const d = tree([entry('b', 'b.txt'), `040000 tree ${e}\te`])
    const hashes: string[] = []
    const names: [string, CID][] = []
    for (const [at, parents] of [[], [0], [1], [1], [2, 3]].entries()) {
      const root = tree([entry(String(at), 'a.txt'), `040000 tree ${d}\td`, entry(' ', 'sp ace')])
      names.push([root, trees[at] as CID], [blob(String(at)), cidOf(RAW, Buffer.from(String(at)))])
      const hash = run(`${at}\n`, 'commit-tree', root, ...parents.flatMap((parent) => ['-p', hashes[parent] as string]))
      hashes.push(hash)
      names.push([hash, cids[at] as CID])
    }
    const hash = (at: number) => hashes[at] as string
    for (const [branch, at] of [
      ['both', 0],
      ['feature/x', 3],
      ['main', 4],
      ['topic', 2],
    ] as const)
      git('update-ref', `refs/heads/${branch}`, hash(at))
    for (const [tag, at] of [
      ['both', 1],
      ['light', 1],
    ] as const)
      git('tag', tag, hash(at))
    git('tag', '-m', 'x', 'v1', hash(2))
    git('tag', '-m', 'x', 'v1-again', 'v1')
    git('tag', '-m', 'x', 'dataset', names.find(([, cid]) => cid.equals(trees[3]))?.[0] as string)
    for (const tag of ['v1', 'v1-again', 'dataset'])
      names.push([git('rev-parse', `refs/tags/${tag}`), repository.refs.get(`refs/tags/${tag}`) as CID])
    names.push(
      [blob('b'), cidOf(RAW, Buffer.from('b'))],
      [blob('x'), cidOf(RAW, Buffer.from('x'))],
      [blob(' '), cidOf(RAW, Buffer.from(' '))],
    )
    byHash = new Map(names.map(([hash, cid]) => [hash, cid.toString()]))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** What git finds, under our name; undefined where it finds nothing. Directories below the root have no name of ours here. */
  const ask = (text: string) => {
    try {
      const hash = git('rev-parse', '--verify', text)
      return byHash.get(hash) ?? 'a directory'
    } catch {
      return undefined
    }
  }

  test('on generated revisions', async () => {
    const base = fc.constantFrom(
      'HEAD',
      '@',
      'main',
      'refs/heads/main',
      'heads/main',
      'feature/x',
      'v1',
      'tags/v1',
      'v1-again',
      'dataset',
      'light',
      'both',
      'heads/both',
      'nowhere',
      'x',
      'refs',
      '',
      'main.lock',
    )
    const step = fc.constantFrom(
      '^',
      '^1',
      '^2',
      '^3',
      '^0',
      '~',
      '~0',
      '~1',
      '~2',
      '~9',
      '^{}',
      '^{commit}',
      '^{tree}',
      '^{tag}',
      '^{blob}',
      '^{object}',
      '^{nonsense}',
    )
    const path = fc.constantFrom(
      '',
      '',
      '',
      ':',
      ':a.txt',
      ':d/b.txt',
      ':d/e/c..d',
      ':sp ace',
      ':nothing',
      ':a.txt/b',
      ':a.txt^0',
    )
    const texts = fc.sample(
      fc.tuple(base, fc.array(step, { maxLength: 3 }), path).map(([name, steps, end]) => name + steps.join('') + end),
      { numRuns: 500, seed: 11 },
    )
    let found = 0
    for (const text of new Set(texts.filter((each) => !each.startsWith('^') && !each.startsWith(':')))) {
      const git = ask(text)
      const ours = await resolve(text).catch((error: unknown) => {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(?:revision|path)-/), hint: expect.any(String) })
        return undefined
      })
      if (git !== undefined) found++
      expect({ text, found: ours }).toEqual({ text, found: git === 'a directory' ? ours : git })
    }
    expect(found).toBeGreaterThan(100)
  })

  test.each([
    'main',
    '^main',
    'topic..main',
    'main..topic',
    'topic...feature/x',
    'light..',
    '..light',
    'main^@',
    'main^!',
    'main^-',
    'main^-2',
    '^both main',
    'feature/x..refs/tags/v1',
  ])('on the set %s', async (text) => {
    const list = (lines: string[]) => lines.map((hash) => byHash.get(hash) ?? hash).toSorted()
    let parsed: string[] | undefined
    try {
      parsed = git('rev-parse', '--revs-only', ...text.split(' ').map((each) => each)).split('\n')
    } catch {
      parsed = undefined
    }
    const peeled = (hash: string) => git('rev-parse', `${hash}^{commit}`)
    if (parsed === undefined) {
      await expect(resolveRevisions(source, text.split(' '))).rejects.toMatchObject({ family: expect.any(String) })
      return
    }
    const set = await resolveRevisions(source, text.split(' '))
    expect(set.include.map(String).toSorted()).toEqual(list(parsed.filter((line) => !line.startsWith('^')).map(peeled)))
    expect(set.exclude.map(String).toSorted()).toEqual(
      list(parsed.filter((line) => line.startsWith('^')).map((line) => peeled(line.slice(1)))),
    )
  })
})

test.each([
  ['a..b', 'a', 'b', false],
  ['a...b', 'a', 'b', true],
  ['..b', 'HEAD', 'b', false],
  ['a...', 'a', 'HEAD', true],
  ['feature/x..main', 'feature/x', 'main', false],
  ['a~1..b:c..d', 'a~1', 'b:c..d', false],
  ['/ipfs/A../ipfs/B', '/ipfs/A', '/ipfs/B', false],
  ['ipns://A...b', 'ipns://A', 'b', true],
])('the range %s', (text, left, right, isSymmetric) => {
  expect(splitRange(text)).toEqual({ left, right, isSymmetric })
})

test.each(['a', '..', '...', 'a:b..c', '/ipfs/A/b..c', 'ipfs://A:b..c', ''])('no range: %j', (text) => {
  expect(splitRange(text)).toBe(undefined)
})
