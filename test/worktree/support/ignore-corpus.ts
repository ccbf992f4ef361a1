import { lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { explainIgnore, openIgnore } from '../../../src/worktree/ignore/ignore.ts'
import { git } from './git.ts'
import type { SeededRandom } from './seeded-random.ts'

const NAMES = [
  'a',
  'b',
  'c',
  'ab',
  'abc',
  'foo',
  'bar',
  'foo.c',
  'bar.o',
  'x y',
  'é',
  'a-b',
  '[a]',
  'A',
  '1',
  '!x',
  '#h',
  'q\\w',
  ' s',
  't ',
]
const PIECES = [
  ' ',
  '\t',
  '\\ ',
  ...'a b c foo bar .c .o x é - * * ** **/ /** /**/ / / ? [a-c] [!a] [^b-c] []a] [a [[:alpha:]] [[:digit:]x]'.split(
    ' ',
  ),
  ...'[[:nope:]] [a-] [\\]a] \\* \\! \\# \\ \\a *** a/ b/ ! # [!-~] [[:space:]] [[:punct:]] [+--] [a-b-c] [[:]'.split(
    ' ',
  ),
  ...'[[:a] [/] [.-0] **\\/'.split(' '),
]

function randomPath(random: SeededRandom): string {
  return Array.from({ length: 1 + random.below(4) }, () => random.pick(NAMES)).join('/')
}

function randomPattern(random: SeededRandom): string {
  if (random.chance(0.25)) {
    const parts = randomPath(random).split('/')
    const wild = parts.map((part) => (random.chance(0.3) ? random.pick(['*', '**', '?', 'a*', '*.c', part]) : part))
    return `${random.chance(0.3) ? '!' : ''}${random.chance(0.3) ? '/' : ''}${wild.join('/')}${random.chance(0.3) ? '/' : ''}`
  }
  const body = Array.from({ length: 1 + random.below(4) }, () => random.pick(PIECES)).join('')
  return `${random.chance(0.2) ? '!' : ''}${body}${random.chance(0.15) ? ' ' : ''}`
}

function randomIgnoreFile(random: SeededRandom): string {
  const lines = Array.from({ length: 1 + random.below(5) }, () => randomPattern(random))
  const end = random.pick(['\n', '\n', '\r\n'])
  return `${random.chance(0.05) ? '\uFEFF' : ''}${lines.join(end)}${random.chance(0.7) ? end : ''}`
}

/** One path about which git and we differ. */
export interface IgnoreDifference {
  path: string
  git: string
  ours: string
  files: Record<string, string>
}

/**
 * Makes a random tree with random ignore files in `directory` (a git repository) and asks git and us about every path in
 * it. Returns how many paths were compared, for how many of them git names a pattern, and what differs.
 */
export function compareIgnoreWithGit(
  directory: string,
  random: SeededRandom,
): { paths: number; matched: number; differences: IgnoreDifference[] } {
  const top = join(directory, 'top')
  rmSync(top, { recursive: true, force: true })
  mkdirSync(join(top, '.jzfs', 'info'), { recursive: true })
  git(top, ['init', '-q'])
  const paths = new Set<string>()
  for (let count = 0; count < 40; count++) {
    const path = randomPath(random)
    try {
      mkdirSync(join(top, dirname(path)), { recursive: true })
      if (random.chance(0.2)) mkdirSync(join(top, path), { recursive: true })
      else writeFileSync(join(top, path), '', { flag: 'wx' })
    } catch {
      continue // a file is where a directory would have to be
    }
    for (let at = path; at !== '.'; at = dirname(at)) paths.add(at)
  }
  const files = writeIgnoreFiles(top, paths, random)
  const asked = [...paths]
  const answers = git(top, ['check-ignore', '-v', '-n', '--no-index', '-z', '--stdin'], asked.join('\0'))
    .toString()
    .split('\0')
  const level = openIgnore(top, join(top, '.jzfs', 'info', 'exclude'))
  const differences: IgnoreDifference[] = []
  let matched = 0
  for (const [at, path] of asked.entries()) {
    const [source = '', line = '', pattern = ''] = answers.slice(at * 4, at * 4 + 3)
    const theirs =
      source === ''
        ? ''
        : `${source.replace('.git/info', '.jzfs/info').replace('.gitignore', '.jzfsignore')}:${line}:${pattern}`
    if (theirs !== '') matched++
    const match = explainIgnore(top, level, path, lstatSync(join(top, path)).isDirectory())
    const ours = match === undefined ? '' : `${match.source}:${match.line}:${match.pattern}`
    if (theirs !== ours) differences.push({ path, git: theirs, ours, files })
  }
  return { paths: asked.length, matched, differences }
}

function writeIgnoreFiles(top: string, paths: ReadonlySet<string>, random: SeededRandom): Record<string, string> {
  const files: Record<string, string> = { '': randomIgnoreFile(random) }
  for (const path of paths) {
    if (random.chance(0.15) && lstatSync(join(top, path)).isDirectory()) files[path] = randomIgnoreFile(random)
  }
  for (const [directory, content] of Object.entries(files)) {
    writeFileSync(join(top, directory, '.gitignore'), content)
    writeFileSync(join(top, directory, '.jzfsignore'), content)
  }
  const exclude = randomIgnoreFile(random)
  writeFileSync(join(top, '.git', 'info', 'exclude'), exclude)
  writeFileSync(join(top, '.jzfs', 'info', 'exclude'), exclude)
  return { ...files, exclude }
}
