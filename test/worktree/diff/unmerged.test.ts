import { expect, test } from 'vitest'

import { runHere } from '../../support/run-here.ts'
import { inConflict, merge, write } from '../support/parted-branches.ts'

test('paths in conflict are shown with both sides, or beside one of them', async () => {
  const { top, repository } = await inConflict()
  await using _ = repository
  await merge(repository)
  write(top, { same: 'changed\n' })
  const lines = async (...args: string[]): Promise<string[]> =>
    (await runHere(top, ['diff', ...args])).stdout.split('\n').slice(0, -1)
  expect(await lines('--name-status')).toEqual(['U\tbin', 'U\tgone', 'M\tsame', 'U\ttext'])
  expect(await lines('--stat')).toEqual([
    ' bin  | Unmerged',
    ' gone | Unmerged',
    ' same | 2 +-',
    ' text | Unmerged',
    ' 1 file changed, 1 insertion(+), 1 deletion(-)',
  ])
  expect(await lines('--', 'text', 'gone', 'bin')).toEqual([
    'diff --cc bin',
    expect.stringMatching(/^index /),
    'Binary files differ',
    '* Unmerged path gone',
    'diff --cc text',
    expect.stringMatching(/^index /),
    '--- a/text',
    '+++ b/text',
    '@@@ -1,3 -1,3 +1,7 @@@',
    '  a',
    '++<<<<<<< HEAD',
    ' +ours',
    '++=======',
    '+ theirs',
    '++>>>>>>> side',
    '  c',
  ])
  expect(await lines('--cached', '--name-status')).toEqual(['U\tbin', 'A\tdir/two', 'U\tgone', 'U\ttext'])
  expect(await lines('--diff-filter=U', '--name-only')).toEqual(['bin', 'gone', 'text'])
  expect(await lines('--base', '--name-status', 'gone')).toEqual(['U\tgone', 'M\tgone'])
  expect(await lines('--ours', '--name-status', '--', 'gone', 'bin')).toEqual(['U\tbin', 'U\tgone'])
  expect(await lines('HEAD', '--name-status')).toEqual(['A\tdir/two', 'A\tgone', 'M\tsame', 'M\ttext'])
  const { changes } = JSON.parse((await lines('--json', 'gone')).join(''))
  expect(changes).toEqual([{ path: 'gone', status: 'U', theirs: expect.anything(), after: expect.anything() }])
})
