import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { cleanWorktree, type CleanOptions } from '../../../src/worktree/clean/clean.ts'
import { parsePathspecs } from '../../../src/worktree/pathspec/pathspec.ts'
import { undoLast } from '../../../src/worktree/undo/undo.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { folderContent, withoutEmpty } from '../support/folder-content.ts'
import { git } from '../support/git.ts'
import { editRandomly } from '../support/random-edits.ts'
import { add, openTestRepository, PERSON } from '../support/repository.ts'
import { createSeededRandom, type SeededRandom } from '../support/seeded-random.ts'

const SEEDS = Array.from({ length: process.env['JZFS_TEST'] === 'full' ? 100 : 6 }, (_, number) => number)

test.for(SEEDS)('what is removed is what git removes, and undo brings it back: seed %i', async (seed) => {
  const random = createSeededRandom(seed)
  const folder = temporaryFolder()
  const [top, gitTop] = [join(folder, 'ours'), join(folder, 'git')]
  mkdirSync(top)
  await using repository = await openTestRepository(top)
  for (let count = 0; count < 25; count++) editRandomly(top, random)
  const tracked = Object.keys(withoutEmpty(folderContent(top))).filter(() => random.chance(0.5))
  const literal = (path: string) => `:(literal)${path}`
  if (tracked.length > 0) await add(repository, tracked.map(literal))
  cpSync(top, gitTop, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('/.jzfs') })
  git(gitTop, ['init', '-q'])
  git(gitTop, ['update-index', '--add', '-z', '--stdin'], tracked.map((path) => `${path}\0`).join(''))
  for (let count = 0; count < 10; count++) {
    const edit = random.below(1_000_000)
    for (const each of [top, gitTop]) editRandomly(each, createSeededRandom(edit))
  }
  // Git leaves a folder alone that stands where a tracked file was, unless it looks into it for another reason.
  if (Object.keys(folderContent(top)).some((path) => tracked.some((file) => path.startsWith(`${file}/`)))) return
  const patterns = random.chance(0.7) ? ['*.log', random.pick(['a/', 'b', '/c', 'a.b/'])].join('\n') : ''
  for (const info of [join(top, '.jzfs/info'), join(gitTop, '.git/info')]) {
    mkdirSync(info, { recursive: true })
    writeFileSync(join(info, 'exclude'), patterns)
  }
  const { flags, options } = randomRequest(random, top)
  const request: CleanOptions = { command: 'clean', person: PERSON, ...options }
  const before = folderContent(top)
  const shown = await cleanWorktree(repository, { ...request, dryRun: true })
  expect(folderContent(top)).toEqual(before)
  const cleaned = await cleanWorktree(repository, request)
  git(gitTop, ['clean', '-f', '-q', ...flags])
  expect(cleaned).toEqual(shown)
  expect(withoutEmpty(folderContent(top))).toEqual(withoutEmpty(folderContent(gitTop)))
  const gone = cleaned.removed.filter((path) => existsSync(join(top, path)))
  expect(gone).toEqual([])
  if (cleaned.removed.length === 0) return
  await undoLast(repository, { command: 'undo', person: PERSON })
  expect(folderContent(top)).toEqual(before)
})

function randomRequest(random: SeededRandom, top: string) {
  const ignored = random.pick(['keep', 'keep', 'too', 'only'] as const)
  // Without -d, git's -X looks into a folder or not depending on what else is in it; ours takes files wherever they are.
  const directories = ignored === 'only' || random.chance(0.6)
  const exclude = random.chance(0.3) ? [random.pick(['a', '*.b', 'b/'])] : []
  const paths = random.chance(0.3) ? [random.pick(['a', 'b', 'a.b', 'a/b'])] : []
  const letters = { keep: [], too: ['-x'], only: ['-X'] }[ignored]
  const patterns = exclude.flatMap((pattern) => ['-e', pattern])
  return {
    flags: [...(directories ? ['-d'] : []), ...letters, ...patterns, '--', ...paths],
    options: {
      directories: directories || paths.length > 0,
      ignored,
      exclude,
      pathspecs: parsePathspecs(paths, { worktree: top, cwd: top, isHistoric: true }),
    },
  }
}
