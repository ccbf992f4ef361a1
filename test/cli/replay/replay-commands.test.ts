import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { runBoth, type Step } from '../../support/both-scripts.ts'
import { runHere } from '../../support/run-here.ts'

/** main: base, ours; topic: base, b, two (changes a as ours does), c. */
const BRANCHES: Step[] = [
  { a: '1\n2\n3\n' },
  'add .',
  'commit -q -m base',
  'switch -q -c topic',
  { b: 'b\n' },
  'add .',
  'commit -q -m b',
  { a: '1\ntopic\n3\n' },
  'commit -q -a -m two',
  { c: 'c\n' },
  'add .',
  'commit -q -m c',
  'switch -q main',
  { a: '1\nmain\n3\n' },
  'commit -q -a -m ours',
]

describe('as git, with its exit statuses:', () => {
  it('cherry-pick', async () => {
    await runBoth([
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
  })

  it('revert', async () => {
    await runBoth([
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
  })

  it('rebase', async () => {
    await runBoth([
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
      { run: 'branch -D topic', exits: [1, 128] },
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
  })
})

describe('what it says and reports:', () => {
  it('a cherry-pick that waits, in status and as documents', async () => {
    const top = await runBoth(BRANCHES)
    const jzfs = (...words: string[]) => runHere(top, words)
    const { status, stdout } = await jzfs('cherry-pick', '--json', 'main..topic')
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'cherry-pick',
      branch: 'main',
      made: [{ subject: 'b' }],
      stopped: { subject: 'two', reason: 'conflict', conflicts: [{ path: 'a', kind: 'content' }] },
      remaining: 1,
    })
    expect((await jzfs('status')).stdout).toMatch(
      /^You are currently cherry-picking commit bagu\w+; 1 more to come\.\n {2}\(settle conflicts, then run "jzfs cherry-pick --continue"\)\n.*--skip.*\n.*--abort/m,
    )
    expect(JSON.parse((await jzfs('status', '--json')).stdout)).toMatchObject({
      inProgress: 'cherry-pick',
      waits: { branch: 'main', reason: 'conflict', done: 1, remaining: 1 },
    })
    expect((await jzfs('cherry-pick', 'topic')).stderr).toContain('hint: finish it with `jzfs cherry-pick --continue`')
    expect(JSON.parse((await jzfs('cherry-pick', '--abort', '--json')).stdout)).toMatchObject({ rewound: true })
  })

  it('a rebase, with conflicts marked as configured', async () => {
    const top = await runBoth(BRANCHES)
    const jzfs = (...words: string[]) => runHere(top, words)
    await jzfs('config', 'merge.conflictStyle', 'diff3')
    await jzfs('rebase', 'main', 'topic')
    expect(readFileSync(join(top, 'a'), 'utf8')).toContain('\n||||||| parent of ')
    expect((await jzfs('status')).stdout).toMatch(
      /^You are currently rebasing branch 'topic' on 'bagu\w+'\.\nIt waits/m,
    )
    expect((await jzfs('branch', '-f', 'topic', 'main')).stderr).toContain('the branch "topic" is being rebased')
    expect((await jzfs('branch', '-m', 'topic', 'other')).status).toBe(128)
    await jzfs('update-ref', 'refs/heads/topic', 'main')
    await jzfs('add', 'a')
    const moved = await jzfs('rebase', '--continue')
    expect([moved.status, moved.stderr]).toEqual([128, expect.stringContaining('was moved since its rebase began')])
    expect((await jzfs('rebase', '--abort')).status).toBe(0)
    expect((await jzfs('status')).stdout).toBe('On branch topic\nnothing to commit, working tree clean\n')
    expect((await jzfs('log', '-1', '--format=%s')).stdout).toBe('ours\n')
    expect((await jzfs('rebase', 'main')).stdout).toBe('Current branch topic is up to date.\n')
    const usage = await jzfs('rebase', '--continue', '--abort')
    expect([usage.status, usage.stderr]).toEqual([129, expect.stringContaining('exclude each other')])
  })
})
