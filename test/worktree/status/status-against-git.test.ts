import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { readStatus } from '../../../src/worktree/status/status.ts'
import type { Status } from '../../../src/worktree/status/status.ts'
import { git } from '../support/git.ts'
import { naiveTree } from '../support/naive-tree.ts'
import { editRandomly, randomPath } from '../support/random-edits.ts'
import { add, commit, openTestRepository } from '../support/repository.ts'
import { createSeededRandom } from '../support/seeded-random.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** `git status --porcelain` as lines without empty directories, which git does not know. */
function porcelain(status: Status): string[] {
  const columns = new Map<string, [string, string]>()
  for (const { path, before, after } of status.staged) {
    const [was, is] = [before, after].map((side) => (side?.kind === 'directory' ? undefined : side?.kind))
    if (was === undefined && is === undefined) continue
    const isTyped = (was === 'symlink') !== (is === 'symlink')
    const letter = was === undefined ? 'A' : is === undefined ? 'D' : isTyped ? 'T' : 'M'
    columns.set(path, [letter, ' '])
  }
  const letters = { modified: 'M', 'mode-changed': 'M', 'type-changed': 'T', deleted: 'D' }
  for (const { path, difference } of status.unstaged) {
    if (status.index.kind(status.index.find(path)) === 'directory') continue
    columns.set(path, [columns.get(path)?.[0] ?? ' ', letters[difference]])
  }
  const lines = [...columns].map(([path, [staged, unstaged]]) => `${staged}${unstaged} ${path}`)
  const untracked = status.untracked.filter((path) => !path.endsWith('/')).map((path) => `?? ${path}`)
  return [...lines, ...untracked].sort()
}

test('status says what git says, through random edits, adds and commits', { timeout: 120_000 }, async () => {
  let compared = 0
  for (let seed = 1; seed <= 5; seed++) {
    using directory = temporaryDirectory()
    const top = directory.path
    const random = createSeededRandom(seed)
    await using repository = await openTestRepository(top)
    git(top, ['init', '-q', '-b', 'main'])
    writeFileSync(join(top, '.git', 'info', 'exclude'), '.jzfs/\n')
    mkdirSync(join(top, '.jzfs', 'info'), { recursive: true })
    for (let round = 0; round < 12; round++) {
      for (let edits = random.below(12); edits > 0; edits--) editRandomly(top, random)
      if (random.chance(0.3)) {
        const rules = `${random.pick(['*.log', 'a', 'b/', '/c', '!x.log'])}\n`
        for (const name of ['.gitignore', '.jzfsignore']) writeFileSync(join(top, name), rules)
      }
      const act = random.below(4)
      if (act === 0) {
        git(top, ['add', '-A'])
        await add(repository)
      } else if (act === 1) {
        git(top, ['add', '-u'])
        await add(repository, [], { update: true })
      } else if (act === 2) {
        const path = randomPath(random)
        const isKnown = tryGit(top, ['add', '-A', '--', `:(literal)${path}`])
        await add(repository, [`:(literal)${path}`]).catch((error: unknown) => {
          if (isKnown) throw error
        })
      } else {
        git(top, ['commit', '-q', '--allow-empty', '-m', 'x'])
        await commit(repository)
      }
      const theirs = git(top, ['status', '--porcelain', '-z', '-uall', '--no-renames']).toString().split('\0')
      const ours = porcelain(await readStatus(repository, { untracked: 'all', renames: false }))
      compared += ours.length
      expect(ours, `seed ${seed}, round ${round}`).toEqual(theirs.filter((line) => line !== '').sort())
    }
    rmSync(join(top, '.jzfsignore'), { force: true })
    rmSync(join(top, '.gitignore'), { force: true })
    await add(repository)
    expect((await commit(repository)).toString(), `seed ${seed}`).toBe(naiveTree(top).cid.toString())
    const clean = await readStatus(repository)
    expect([clean.staged, clean.unstaged, clean.untracked]).toEqual([[], [], []])
  }
  expect(compared).toBeGreaterThan(200)
})

function tryGit(directory: string, args: string[]): boolean {
  try {
    git(directory, args)
    return true
  } catch {
    return false
  }
}
