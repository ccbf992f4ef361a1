import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'
import { inConflict, parted, write } from '../../worktree/support/parted-branches.ts'

test('options that do not go together, and what cannot be merged, are named', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  const run = async (...args: string[]) => {
    const { status, stderr } = await runHere(top, ['merge', ...args])
    return [status, ...stderr.split('\n').slice(0, -1)]
  }
  const help = 'hint: see `jzfs merge --help`'
  expect(await run()).toEqual([129, 'jzfs: merge: no revision is named, and the branch follows nothing', help])
  expect(await run('-X', 'mine', 'side')).toEqual([129, 'jzfs: merge: no such side: mine', help])
  expect(await run('--abort', 'side')).toEqual([129, 'jzfs: merge: --abort takes no revision', help])
  expect(await run('--abort', '--quit')).toEqual([129, 'jzfs: merge: --abort and --quit exclude each other', help])
  expect(await run('--squash', '--no-ff', 'side')).toEqual([
    129,
    'jzfs: merge: --squash and --no-ff exclude each other',
    help,
  ])
  expect(await run('main', 'side')).toEqual([
    128,
    'jzfs: only one revision can be merged at a time: main side',
    'hint: merge one after the other: there are no octopus merges',
  ])
  expect(await run('--continue')).toEqual([
    128,
    'jzfs: no merge is in progress',
    'hint: `jzfs status` says what is in progress',
  ])
})

test('a merge with conflicts is a document too, and is continued with the message that was given', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  writeFileSync(join(top, 'message'), 'from a file\n')
  const run = (...args: string[]) => runHere(top, args)
  const merged = await run('merge', '--json', '-F', 'message', '--no-edit', 'side')
  expect(merged.status).toBe(1)
  expect(JSON.parse(merged.stdout)).toMatchObject({
    outcome: 'conflicts',
    conflicts: [
      { path: 'bin', kind: 'binary', stages: ['base', 'ours', 'theirs'], artefact: 'bin~theirs' },
      { path: 'gone', kind: 'delete-modify', stages: ['base', 'theirs'], artefact: null },
      { path: 'text', kind: 'content', artefact: null },
    ],
    left: [],
    failed: [],
  })
  const status = JSON.parse((await run('status', '--json')).stdout)
  expect(status).toMatchObject({ inProgress: 'merge', artefacts: ['bin~theirs'] })
  expect((await run('status', '--short')).stdout).toBe(
    'UU bin\nA  dir/two\nDU gone\nUU text\n~~ bin~theirs\n?? message\n',
  )
  expect((await run('ls-files', '-u', 'gone')).stdout).toMatch(/^100644 \w+ 1\tgone\n100644 \w+ 3\tgone\n$/)
  expect((await run('merge', '--continue')).stderr).toMatch(/^jzfs: 3 paths are in conflict: bin, gone, text\n/)
  write(top, { text: 'settled\n' })
  await run('add', 'bin', 'text')
  await run('rm', '-q', 'gone')
  expect((await run('merge', '--continue')).stdout).toMatch(/^\[main \w+\] from a file\n$/)
  expect((await run('log', '-n', '1', '--format=%B%P')).stdout).toMatch(/^from a file\n\n?\w+ \w+\n$/)
})

test('that nobody said who the author is, is said where a commit was made, and only there', async () => {
  const { top, repository } = await parted({ a: 'a\n' }, {}, { b: 'b\n' })
  await using _ = repository
  const env = { JZFS_AUTHOR_NAME: '', JZFS_AUTHOR_EMAIL: '', JZFS_HOME: temporaryFolder() }
  const taken = expect.stringMatching(/^no author configured: taking .+ <.+@.+>\nhint: jzfs config --user user\.name/)
  expect(await runHere(top, ['merge', 'side'], env)).toMatchObject({ status: 0, stderr: '' })
  expect(await runHere(top, ['merge', 'side'], env)).toMatchObject({ status: 0, stderr: '' })
  expect(await runHere(top, ['revert', 'HEAD'], env)).toMatchObject({ status: 0, stderr: taken })
  expect(await runHere(top, ['commit', '--allow-empty', '-q', '-m', 'x'], env)).toMatchObject({ status: 0, stderr: '' })
  expect(await runHere(top, ['commit', '--allow-empty', '-m', 'y'], env)).toMatchObject({ status: 0, stderr: taken })
})
