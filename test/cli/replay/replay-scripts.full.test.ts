import { describe, expect, it } from 'vitest'

import { runBoth } from '../../support/both-scripts.ts'
import { BRANCHES } from './branches.ts'

describe('as git, with its exit statuses:', () => {
  it('cherry-pick', async () => {
    const { ours, theirs } = await runBoth([
      ...BRANCHES,
      'cherry-pick',
      'cherry-pick nope',
      'cherry-pick topic..topic',
      'cherry-pick --continue',
      'cherry-pick --quit',
      'cherry-pick --abort topic',
      'cherry-pick topic~3..topic',
      'cherry-pick topic',
      'cherry-pick --continue',
      'revert --continue',
      { a: '1\nboth\n3\n' },
      'add a',
      'cherry-pick --continue',
      'cherry-pick topic~2',
      'cherry-pick --continue',
      'cherry-pick --skip',
      'cherry-pick --skip',
      'cherry-pick --keep-redundant-commits topic~2',
      'cherry-pick -m 1 topic',
      'cherry-pick --skip',
      'switch -q -c other topic~2',
      'cherry-pick -n topic main',
      'status',
      'reset -q --hard',
      'merge -q --no-ff -m merged topic',
      'switch -q -c third topic~3',
      'cherry-pick other',
      'cherry-pick -m 3 other',
      'cherry-pick -m 1 other',
      'cherry-pick --abort',
      { run: 'cherry-pick -m 2 other', exits: [1, 1] },
      'cherry-pick --skip',
      'cherry-pick topic~1 topic',
      'cherry-pick --abort',
      { a: 'local\n' },
      { run: 'cherry-pick main~4', exits: [128, 1] },
    ])
    expect(ours).toEqual(theirs)
  })

  it('revert', async () => {
    const { ours, theirs } = await runBoth([
      ...BRANCHES,
      'revert --no-edit',
      'revert --no-edit nope',
      'switch -q topic',
      { a: '1\nagain\n3\n' },
      'commit -q -a -m again',
      'revert --no-edit HEAD~2',
      'revert --no-edit HEAD',
      'revert --abort',
      'revert --abort',
      'revert --no-edit HEAD HEAD~1',
      'revert -n HEAD~4',
      'reset -q --hard',
      'revert --no-edit topic~5',
      { run: 'revert --skip', exits: [128, 128] },
    ])
    expect(ours).toEqual(theirs)
  })

  it('rebase', async () => {
    const { ours, theirs } = await runBoth([
      ...BRANCHES,
      { run: 'rebase', exits: [1, 1] },
      'rebase nope',
      'rebase --continue',
      'rebase --abort',
      'rebase --skip',
      'rebase --quit',
      'rebase main~1',
      { a: 'local\n' },
      'rebase topic',
      'add a',
      'rebase topic',
      'reset -q --hard',
      'rebase main topic',
      'rebase main',
      'switch -q main',
      'branch -D topic',
      { run: 'rebase --continue', exits: [1, 128] },
      { a: '1\nboth\n3\n' },
      'add a',
      'rebase --continue',
      'rebase main',
      'rebase --onto main~1 topic~1 topic',
      'rebase main topic~1',
      'switch -q topic',
      'rebase --onto main',
      'rebase -X theirs main',
      'reset -q --hard main@{0}',
      'rebase --root',
    ])
    expect(ours).toEqual(theirs)
  })
})
