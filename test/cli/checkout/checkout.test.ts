import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { runHere } from '../../support/run-here.ts'
import { inConflict, merge } from '../../worktree/support/parted-branches.ts'

test('what is asked for is told from its words, and what cannot be is said', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  writeFileSync(join(top, 'side'), 'a file with the name of a branch')
  const run = async (...args: string[]) => {
    const { status, stderr } = await runHere(top, ['checkout', ...args])
    return [status, stderr.split('\n')[0]]
  }
  expect(await run('side', 'text')).toEqual([128, 'jzfs: "side" is both a revision and a path'])
  expect(await run('nothing')).toEqual([
    1,
    'jzfs: there is no branch, tag or commit "nothing", and no such path in the working tree',
  ])
  expect(await run('-b', 'new', '--', 'text')).toEqual([
    129,
    'jzfs: checkout: a branch is checked out whole, without paths',
  ])
  expect(await run('--ours', 'side')).toEqual([
    129,
    'jzfs: checkout: --ours, --theirs, --merge and --conflict are for paths',
  ])
  expect(await run('main', 'side', '--')).toEqual([
    129,
    'jzfs: checkout: only one revision can be checked out: main side',
  ])
  expect(await run('HEAD', 'text')).toEqual([0, expect.stringMatching(/^Updated 0 paths from \w+$/)])
  expect(await run('-q', '-b', 'new')).toEqual([0, ''])
  await merge(repository)
  expect(await run('main')).toEqual([128, 'jzfs: cannot switch branches: a merge is in progress'])
  expect(await run('text')).toEqual([128, 'jzfs: in conflict, so the index has no one content: text'])
  expect(await run('-f', 'text')).toEqual([0, 'Updated 0 paths from the index'])
  expect(await run('--merge', 'text')).toEqual([0, 'Brought 1 path back into conflict'])
  expect(await run('--orphan', 'alone', 'main')).toEqual([
    129,
    'jzfs: checkout: --orphan takes no start: go there first',
  ])
  expect(await run('-f', 'main')).toEqual([0, "Switched to branch 'main'"])
})
