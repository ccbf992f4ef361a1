import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'

test('with nothing to commit the status is all that is printed', async () => {
  const folder = temporaryFolder()
  const jzfs = (...args: string[]) => runHere(folder, args)
  await jzfs('init')
  const words = ['commit', '-am', 'nothing']
  expect(await jzfs(...words)).toEqual({ ...(await jzfs('status')), status: 1 })
  writeFileSync(join(folder, 'file'), 'text')
  await jzfs('add', '.')
  expect(await jzfs(...words)).toMatchObject({ status: 0 })
  writeFileSync(join(folder, 'other'), 'text')
  const { stdout } = await jzfs('status')
  expect(stdout).toContain('nothing added to commit but untracked files present\n')
  for (const more of [[], ['-q']]) expect(await jzfs(...words, ...more)).toEqual({ status: 1, stdout, stderr: '' })
  expect(await jzfs(...words, '--json')).toMatchObject({ status: 1, stdout: '' })
})
