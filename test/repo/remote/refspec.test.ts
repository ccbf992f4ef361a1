import fc from 'fast-check'
import { expect, test } from 'vitest'

import { InvalidError, JzfsError } from '../../../src/model/errors.ts'
import { mapRef, mapRefspecs, unmapRef } from '../../../src/repo/remote/map-refspecs.ts'
import { formatRefspec, parseRefspec, refspecProblem } from '../../../src/repo/remote/refspec.ts'
import { temporaryGitRepository } from '../../support/git-repository.ts'

test('a refspec is taken apart, and put together again', () => {
  const text = '+refs/heads/*:refs/remotes/origin/*'
  const refspec = parseRefspec(text, 'fetch')
  expect(refspec).toEqual({
    force: true,
    negative: false,
    pattern: true,
    source: 'refs/heads/*',
    target: 'refs/remotes/origin/*',
  })
  expect(formatRefspec(refspec)).toBe(text)
  expect(parseRefspec('main:', 'fetch')).toMatchObject({ source: 'main', target: '' })
  expect(parseRefspec('@:x', 'fetch')).toMatchObject({ source: 'HEAD', target: 'x' })
  expect(parseRefspec(':gone', 'push')).toMatchObject({ source: '', target: 'gone' })
  expect(parseRefspec(':', 'push')).toMatchObject({ source: '', target: '' })
  expect(() => parseRefspec('a:b:c', 'fetch')).toThrow(InvalidError)
})

const SIDE = fc.oneof(
  fc.constantFrom('', 'main', 'refs/heads/*', 'refs/heads/a', 'refs/*/x', 'HEAD', '@', 'refs/remotes/o/*', '*'),
  fc
    .array(fc.constantFrom('a', '*', '/', '.', '..', 'refs/', 'heads/', '~', '^', ' ', '.lock', '-', '@{'), {
      maxLength: 4,
    })
    .map((parts) => parts.join('')),
)
const SPEC = fc
  .tuple(fc.constantFrom('', '', '+', '^'), SIDE, fc.option(SIDE))
  .map(([sign, source, target]) => `${sign}${source}${target === null ? '' : `:${target}`}`)

test.each(['fetch', 'push'] as const)('git takes the same refspecs of a %s', (direction) => {
  const { tryGit } = temporaryGitRepository()
  fc.assert(
    fc.property(SPEC, (text) => {
      const configured = ['-c', 'remote.o.url=.', '-c', `remote.o.${direction}=${text}`]
      const { stderr } = tryGit(...configured, 'remote', 'get-url', 'o')
      const isGood = !stderr.includes('invalid refspec')
      expect({ text, isGood: refspecProblem(text, direction) === undefined }).toEqual({ text, isGood })
    }),
    { numRuns: 40 },
  )
})

const NAMES = ['main', 'topic/a', 'topic/b', 'v1'] as const
const MAPPED = fc
  .tuple(
    fc.constantFrom('', '+'),
    fc.constantFrom('main', 'topic/a', 'refs/heads/*', 'refs/heads/topic/*', 'refs/tags/*', 'v1', 'nothing', 'HEAD'),
    fc.constantFrom('', 'x', 'refs/k/*', 'refs/k/one', 'heads/y', 'refs/l/z-*'),
  )
  .map(([sign, source, target]) => `${sign}${source}:${target}`)
const TAKEN = fc.constantFrom('^refs/heads/topic/*', '^refs/heads/main', '^refs/tags/v1')

test('git maps the refs of a remote in the same way', () => {
  const remote = temporaryGitRepository()
  const tree = remote.git('write-tree').trim()
  for (const name of NAMES) {
    const hash = remote.git('commit-tree', tree, '-m', name).trim()
    remote.git('update-ref', `refs/heads/${name}`, hash)
  }
  remote.git('update-ref', 'refs/tags/v1', 'refs/heads/main')
  const there = remote.git('for-each-ref', '--format=%(refname)').trim().split('\n')
  const { git, tryGit } = temporaryGitRepository({ bare: true })
  const specs = fc.tuple(fc.array(MAPPED, { minLength: 1, maxLength: 2 }), fc.array(TAKEN, { maxLength: 1 }))
  fc.assert(
    fc.property(
      specs.map((lists) => lists.flat()),
      (texts) => {
        fc.pre(texts.every((text) => refspecProblem(text, 'fetch') === undefined))
        const { status } = tryGit('fetch', '-q', '--no-tags', '--no-write-fetch-head', remote.folder, ...texts)
        const made = git('for-each-ref', '--format=%(refname) %(objectname)').split('\n').filter(Boolean)
        for (const line of made) git('update-ref', '-d', line.split(' ')[0] as string)
        const valueOf = (ref: string) => remote.git('rev-parse', ref).trim()
        let mapped: string[] | undefined
        try {
          const specsHere = texts.map((text) => parseRefspec(text, 'fetch'))
          const all = mapRefspecs(specsHere, ['HEAD', ...there])
          mapped = all.flatMap(({ source, target }) => (target === undefined ? [] : `${target} ${valueOf(source)}`))
        } catch (error) {
          if (!(error instanceof JzfsError)) throw error
        }
        expect({ texts, mapped: mapped?.toSorted() }).toEqual({ texts, mapped: status === 0 ? made.sort() : undefined })
      },
    ),
    { numRuns: 12 },
  )
})

test('a ref of a remote and the ref that keeps it lead to each other', () => {
  const specs = ['+refs/heads/*:refs/remotes/o/*', '^refs/heads/tmp/*'].map((text) => parseRefspec(text, 'fetch'))
  expect(mapRef(specs, 'refs/heads/a/b')).toBe('refs/remotes/o/a/b')
  expect(unmapRef(specs, 'refs/remotes/o/a/b')).toBe('refs/heads/a/b')
  expect(mapRef(specs, 'refs/tags/v1')).toBeUndefined()
  expect(mapRef(specs, 'refs/heads/tmp/x')).toBeUndefined()
  expect(unmapRef(specs, 'refs/remotes/o/tmp/x')).toBeUndefined()
})

test('what the remote does not have is said with the nearest names', () => {
  const map = (text: string) => mapRefspecs([parseRefspec(text, 'fetch')], ['HEAD', 'refs/heads/main'])
  expect(() => map('mian:x')).toThrow(
    expect.objectContaining({ code: 'remote-ref-missing', hint: 'did you mean main?' }),
  )
  expect(map('refs/heads/q*:refs/x/*')).toEqual([])
})
