import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { InvalidError } from '../../../src/model/errors.ts'
import { createSearch, type PatternSyntax } from '../../../src/repo/grep/search.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'
import { createSeededRandom, type SeededRandom } from '../../worktree/support/seeded-random.ts'

const ENV = {
  PATH: process.env['PATH'],
  LC_ALL: 'C.UTF-8',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
}

/** Runs git in a folder: names are shown as ours are. */
function git(cwd: string, args: string[]): { status: number | null; stdout: string } {
  const { status, stdout } = spawnSync('git', ['-c', 'core.quotePath=false', ...args], { cwd, env: ENV })
  return { status, stdout: stdout.toString() }
}

const FILES: Record<string, string | Buffer> = {
  'a.b': 'foo at top\nno line feed: foo',
  'a/z': 'x\nFOO foo_bar foo\n\n\nend\n',
  'a-b': 'foo-bar\n',
  bin: Buffer.from('foo\0bin\nfoo\n'),
  blank: '\n\n',
  crlf: 'foo\r\nbar\r\n',
  'd/x': 'one foo\ntwo\nthree foo bar\nfour\nfive\nsix foo\nseven\neight\n',
  'd/y z': 'foo\tfoo\n',
  empty: '',
  'qu"ote': 'foo\n',
  ünï: Buffer.concat([Buffer.from('é foo ü\n'), Buffer.from([0xff]), Buffer.from(' foo foo\nÉ\n')]),
}

/** A folder with the same commit in git and in jzfs, and something changed since. */
async function paired(files: Record<string, string | Buffer> = FILES): Promise<string> {
  const work = temporaryFolder()
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(work, path, '..'), { recursive: true })
    writeFileSync(join(work, path), content)
  }
  symlinkSync('d/x', join(work, 'link'))
  git(work, ['init', '-q', '-b', 'main'])
  git(work, ['add', '.'])
  git(work, ['-c', 'user.name=A', '-c', 'user.email=a@x', 'commit', '-q', '-m', 'one'])
  await runHere(work, ['init', '-q'])
  writeFileSync(join(work, '.git', 'info', 'exclude'), '.jzfs\n')
  await runHere(work, ['add', '.'])
  await runHere(work, ['commit', '-q', '-m', 'one'])
  return work
}

/** What both print for the same arguments. */
async function both(work: string, args: string[]) {
  const { status, stdout } = await runHere(work, ['grep', ...args])
  return { ours: { args, status, stdout }, theirs: { args, ...git(work, ['grep', ...args]) } }
}

const COMMANDS = [
  'foo', '-n foo', '-c foo', '-l foo', '-L foo', '-h foo', '-H foo', '-w foo', '-o foo', '-on foo', '--column foo',
  '-n --column foo', '-v foo', '-vn foo', '-vc foo', '-vo foo', '-i FOO', '-iw é', '-A1 foo', '-B1 -n foo', '-C1 foo',
  '-C9 -n foo', '-vC1 foo', '--heading foo', '--break foo', '--heading --break -n foo', '-C1 --heading foo',
  '-A1 --break foo', '-m1 foo', '-m1 -A1 foo', '-m 1 -A2 -n foo', '-m0 foo', '-m1 -v -C1 foo', '-q foo', '-q none',
  'none', '-z foo', '-zl foo', '-zc foo', '-a foo', '-I foo', 'foo HEAD', '-n foo HEAD', 'foo HEAD:d', 'foo HEAD:d/x',
  'foo HEAD main', '-c foo HEAD', '-L foo HEAD', '--cached foo', '-e foo -e two', '-e foo -- d', 'foo -- *.b',
  'foo -- :!d', 'foo HEAD -- d a/z', '-vl foo', '-vL foo', '--column -v foo', '-w fo', '-n ^', '-P fo+', '-Pw fo+',
  '-E foo|two', '-F foo', '-F .', '-hn foo HEAD', '--untracked foo', '-n foo$', '-o [[:alpha:]]*', '-n ü$', '-c é',
  '-o -E \\w+', '-E -o f|foo', '-C1 -c foo', '-wo foo',
] // prettier-ignore

describe('grep', () => {
  it('prints what git prints', async () => {
    const work = await paired()
    for (const words of COMMANDS) {
      const { ours, theirs } = await both(work, words.split(' '))
      expect(ours).toEqual(theirs)
    }
  })

  it('searches what is below the folder where one stands', async () => {
    const work = await paired()
    for (const words of ['foo', 'foo HEAD', 'foo -- ..', 'foo -- :/a', '-l foo HEAD -- ../a', '--full-name foo x']) {
      {
        const { ours, theirs } = await both(join(work, 'd'), words.split(' '))
        expect(ours).toEqual(theirs)
      }
    }
  })

  it('sees what changed in the working tree, and what was staged', async () => {
    const work = await paired()
    writeFileSync(join(work, 'd', 'x'), 'another foo\n')
    writeFileSync(join(work, 'new'), 'foo\n')
    spawnSync('rm', [join(work, 'a', 'z')])
    for (const words of ['foo', '--cached foo', '--untracked foo', 'foo HEAD']) {
      const { ours, theirs } = await both(work, words.split(' '))
      expect(ours).toEqual(theirs)
    }
  })

  it.each([1, 2])('reads patterns as git reads them: seed %i', async (seed) => {
    const random = createSeededRandom(seed)
    const work = await paired({ text: randomText(random) })
    let compared = 0
    while (compared < 30) {
      const syntax = random.pick(['-G', '-E'])
      const pattern = random.chance(0.6) ? randomPattern(random, syntax === '-E') : randomSigns(random)
      // At its end git finds an empty line more than a file has.
      if (matchesEmptyLine(syntax === '-E' ? 'extended' : 'basic', pattern)) continue
      const flags = ['-n', random.pick(['-w', '-v', '-i', '--cached'])].slice(random.below(2), 1 + random.below(2))
      const { ours, theirs } = await both(work, [...flags, syntax, '-e', pattern])
      expect(ours).toEqual(theirs)
      compared++
    }
  })
})

function matchesEmptyLine(syntax: PatternSyntax, pattern: string): boolean {
  try {
    return createSearch([pattern], { syntax }).matchesLine(Buffer.alloc(0))
  } catch (error) {
    if (error instanceof InvalidError) return false
    throw error
  }
}

function randomText(random: SeededRandom): string {
  const line = () =>
    Array.from({ length: random.below(9) }, () => random.pick(Array.from('aaabbc_ A.*+({[]1^$\\|-'))).join('')
  return Array.from({ length: 150 }, () => `${line()}\n`).join('')
}

/** A row of signs, which is often no pattern at all. */
function randomSigns(random: SeededRandom): string {
  const signs = [
    ...Array.from('aab_*+?|()[]^$.\\-1'),
    '\\(',
    '\\)',
    '\\|',
    '\\{1\\}',
    '{1,2}',
    '[ab]',
    '\\1',
    '\\+',
    '\\<',
    '\\b',
  ]
  return Array.from({ length: 1 + random.below(5) }, () => random.pick(signs)).join('')
}

/** A pattern of either syntax, out of its parts. */
function randomPattern(random: SeededRandom, isExtended: boolean, depth = 0): string {
  const operator = (sign: string) => (isExtended ? sign : `\\${sign}`)
  const plain = ['a', 'b', 'c', '_', ' ', '.', '[ab]', '[^a]', '[[:upper:]_]', '[]*]', '\\.', '\\w', '\\W', 'ab']
  // Within what is repeated the C library takes these for true too often.
  const atoms = [...plain, '\\b', '\\<', '\\>']
  const repeats = [
    '*',
    operator('+'),
    operator('?'),
    isExtended ? '{1,2}' : '\\{1,2\\}',
    isExtended ? '{2}' : '\\{2\\}',
  ]
  const part = (): string => {
    const isGroup = depth < 2 && random.chance(0.2)
    const atom = isGroup
      ? operator('(') + randomPattern(random, isExtended, depth + 1) + operator(')')
      : random.pick(depth === 0 ? atoms : plain)
    return /^\\[b<>]$/.test(atom) || random.chance(0.7) ? atom : atom + random.pick(repeats)
  }
  const branch = () => Array.from({ length: 1 + random.below(3) }, part).join('')
  const branches = Array.from({ length: random.chance(0.25) ? 2 : 1 }, branch).join(operator('|'))
  return depth > 0 ? branches : random.pick(['', '', '^']) + branches + random.pick(['', '', '$'])
}
