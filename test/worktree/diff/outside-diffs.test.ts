import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { runHere } from '../../support/run-here.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** Two folders, with files that differ, are alone, moved, executable, and the same. */
function makeFolders(): string {
  const folder = temporaryFolder()
  for (const name of ['one/sub', 'two/sub', 'two/empty']) mkdirSync(join(folder, name), { recursive: true })
  const put = (path: string, text: string) => writeFileSync(join(folder, path), text)
  put('one/same', 'same\n')
  put('two/same', 'same\n')
  put('one/other', 'a\nb\n')
  put('two/other', 'a\nc\n')
  put('one/gone', 'gone\n')
  put('two/sub/new file', 'new\n')
  put('one/sub/run', 'run\n')
  put('two/sub/run', 'run\n')
  chmodSync(join(folder, 'two/sub/run'), 0o755)
  symlinkSync('same', join(folder, 'one/link'))
  symlinkSync('other', join(folder, 'two/link'))
  return folder
}

test.each([
  ['one', 'two'],
  ['one/other', 'two/other'],
  ['one/other', 'two'],
  ['one', 'two/other'],
  ['one/same', 'two/same'],
  ['two/sub', 'one/sub'],
  ['--name-status', 'one', 'two'],
  ['--stat', 'one/other', 'two/other'],
  ['-R', 'one/other', 'two/other'],
  ['--summary', 'one/sub', 'two/sub'],
])('git says the same of %s %s %s', async (...args) => {
  const folder = makeFolders()
  const theirs = spawnSync('git', ['diff', '--no-index', ...args.filter(Boolean)], { cwd: folder, encoding: 'utf8' })
  const ours = await runHere(folder, ['diff', '--no-index', ...args.filter(Boolean)])
  const files = (text: string) =>
    text
      .replaceAll(/^index .*$/gm, 'index')
      .split(/^(?=diff --git)/m)
      .toSorted()
  expect(files(ours.stdout)).toEqual(files(theirs.stdout))
  expect(ours.status).toBe(theirs.status)
})

test('absolute paths, and what is not there', async () => {
  const folder = makeFolders()
  const [before, after] = [join(folder, 'one/other'), join(folder, 'two/other')]
  const { stdout } = await runHere('/', ['diff', '--no-index', before, after])
  expect(stdout).toContain(`diff --git a${before} b${after}\n`)
  expect(await runHere(folder, ['diff', '--no-index', 'one', 'three'])).toMatchObject({
    status: 128,
    stderr: expect.stringContaining('there is nothing at three'),
  })
  expect(await runHere(folder, ['diff', '--no-index', 'one'])).toMatchObject({ status: 129 })
  execFileSync('mkfifo', [join(folder, 'pipe')])
  expect(await runHere(folder, ['diff', '--no-index', 'one/same', 'pipe'])).toMatchObject({
    status: 128,
    stderr: expect.stringContaining('pipe is neither a file nor a folder'),
  })
  expect(
    JSON.parse((await runHere(folder, ['diff', '--no-index', '--json', 'one/other', 'two/other'])).stdout),
  ).toMatchObject({
    changes: [{ path: 'two/other', beforePath: 'one/other', status: 'M' }],
  })
})
