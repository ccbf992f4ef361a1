import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { runBoth } from '../../support/both-scripts.ts'
import { runHere } from '../../support/run-here.ts'
import { BRANCHES } from './branches.ts'

describe('what it says and reports:', () => {
  it('a cherry-pick that waits, in status and as documents', async () => {
    const { top } = await runBoth(BRANCHES)
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
    expect((await jzfs('cherry-pick', '--continue', '-e')).stderr).toContain('no terminal to edit a message on')
    expect(JSON.parse((await jzfs('cherry-pick', '--abort', '--json')).stdout)).toMatchObject({ rewound: true })
  })

  it('a rebase, with conflicts marked as configured', async () => {
    const { top } = await runBoth(BRANCHES)
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
    expect(JSON.parse((await jzfs('rebase', 'main', '--json')).stdout)).toMatchObject({ upToDate: true, present: [] })
    const usage = await jzfs('rebase', '--continue', '--abort')
    expect([usage.status, usage.stderr]).toEqual([129, expect.stringContaining('exclude each other')])
  })
})
