import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { countChanges, renderTotals } from '../../../src/worktree/diff/change-counts.ts'
import { diffRevisions } from '../../../src/worktree/diff/find-diffs.ts'
import { renderNameStatus, renderNumbers } from '../../../src/worktree/diff/render-changes.ts'
import { renderStat } from '../../../src/worktree/diff/render-stat.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree } from '../../support/memory-tree.ts'
import { createRandom } from '../../support/random.ts'
import { temporaryFolder } from '../../support/repository.ts'

type Files = Record<string, string>

/** What git says of a change between two sets of files. */
function git(before: Files, after: Files, ...args: string[]): string {
  const folder = temporaryFolder()
  const run = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@x', '-c', 'core.quotePath=false', ...words], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', LC_ALL: 'C.UTF-8' },
    })
  run('init', '-q')
  for (const files of [before, after]) {
    for (const path of run('ls-files', '-z').split('\0').filter(Boolean)) rmSync(join(folder, path))
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    run('add', '-A')
    run('commit', '-qm', 'x', '--allow-empty')
  }
  return run('diff', '-M', ...args, 'HEAD~1', 'HEAD')
}

async function ours(before: Files, after: Files) {
  const store = new MemoryBlocks() as never
  const diffs = await diffRevisions({ store }, { before: buildTree(store, before), after: buildTree(store, after) })
  const counts = await Promise.all(diffs.map((diff) => countChanges(diff)))
  return { diffs, counts: counts.filter((each) => each !== undefined) }
}

async function stat(before: Files, after: Files, columns: number): Promise<string> {
  const { counts } = await ours(before, after)
  if (counts.length === 0) return ''
  const lines = renderStat(counts, { columns }).map((line) => line.map(({ text }) => text).join(''))
  return [...lines, renderTotals(counts), ''].join('\n')
}

// ASCII only: git before 2.40 counts bytes where a name is cut.
const WORDS = ['a', 'data', 'a much longer name of a folder', 'deep', 'x.csv', 'model-weights.bin']

/** Random files, and the same with some changed, added, removed and renamed. */
function makeChange(seed: number): { before: Files; after: Files } {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const lines = (count: number) => Array.from({ length: count }, () => `${below(1e9)}\n`)
  const path = () => `${Array.from({ length: 1 + below(4) }, () => WORDS[below(WORDS.length)]).join('/')}.${below(1e6)}`
  const before: Files = {}
  const after: Files = {}
  for (let file = 0; file < 12; file++) {
    const [from, content] = [path(), lines(1 + below(seed % 3 === 0 ? 400 : 30))]
    const kind = below(6)
    if (kind !== 0) before[from] = content.join('')
    if (kind === 5) before[from] = `\0${below(1e6)}`
    if (kind === 0) after[from] = content.join('')
    else if (kind === 1) after[path()] = before[from] as string
    else if (kind === 2) after[from] = [...content.slice(below(content.length + 1)), ...lines(below(20))].join('')
    else if (kind === 5) after[from] = `\0${'x'.repeat(below(5000))}`
    else if (kind !== 3) after[from] = before[from] as string
  }
  return { before, after }
}

describe('a stat is the one of git', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))('of many files, seed %i', async (seed) => {
    const { before, after } = makeChange(seed)
    const columns = [80, 40, 120, 24][seed % 4] as number
    expect(await stat(before, after, columns)).toBe(git(before, after, `--stat=${columns}`))
  })

  it('of names of wide and combining characters', async () => {
    const before = { 数据集: '1\n', 'naïve/é': '1\n', plain: '1\n' }
    const after = { 数据集: '2\n', 'naïve/é': '2\n3\n', plain: '2\n' }
    expect(await stat(before, after, 80)).toBe(git(before, after, '--stat=80'))
    expect((await stat({ [`${'数'.repeat(30)}/据`]: '1\n' }, {}, 24)).split('\n')[0]).toBe(' .../据           | 1 -')
  })

  it.each([
    ['dir/sub/file', 'dir/other/file'],
    ['dir/file', 'file'],
    ['file', 'dir/file'],
    ['a/b/c', 'a/b/b/c'],
    ['a/b/b/c', 'a/b/c'],
    ['one', 'two'],
    ['dir/one', 'dir/two'],
    ['q"uote/x', 'plain/x'],
  ])('of %s renamed to %s', async (from, to) => {
    const [before, after] = [{ [from]: 'same\n' }, { [to]: 'same\n' }]
    expect(await stat(before, after, 80)).toBe(git(before, after, '--stat=80'))
    const { diffs, counts } = await ours(before, after)
    for (const zero of [false, true]) {
      const z = zero ? ['-z'] : []
      expect(diffs.map((diff) => renderNameStatus(diff, { zero })).join('')).toBe(
        git(before, after, '--name-status', ...z),
      )
      expect(counts.map((each) => renderNumbers(each, { zero })).join('')).toBe(git(before, after, '--numstat', ...z))
    }
  })
})
