import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { runBoth } from '../../support/both-scripts.ts'
import { runHere } from '../../support/run-here.ts'

describe('what it says and reports:', () => {
  it('what was put aside, and brought back', async () => {
    const { top } = await runBoth([{ a: '1\n2\n3\n' }, 'add .', 'commit -q -m base', { a: 'mine\n', u: 'u\n' }])
    const jzfs = (...words: string[]) => runHere(top, words)
    const document = async (...words: string[]): Promise<unknown> => JSON.parse((await jzfs(...words, '--json')).stdout)
    const pushed = (await document('stash', '-u', '-m', 'work')) as { stash: string }
    expect(pushed).toMatchObject({ message: 'On main: work', left: [], failed: [] })
    expect(await document('stash', 'list')).toEqual({
      stashes: [{ stash: 'stash@{0}', commit: pushed.stash, message: 'On main: work', date: expect.any(String) }],
    })
    expect(await document('stash', 'show')).toMatchObject({
      stash: pushed.stash,
      changes: [{ path: 'a', status: 'M' }],
    })
    expect((await jzfs('stash', 'show', '--name-only', '--include-untracked')).stdout).toBe('a\nu\n')
    expect(await document('stash')).toMatchObject({ stash: null, message: null })
    expect(await document('stash', 'apply')).toMatchObject({ dropped: false, conflicts: [] })
    writeFileSync(join(top, 'a'), '1\n2\n3\n')
    expect((await jzfs('stash', 'pop')).stderr).toContain('would be overwritten: u')
    expect((await jzfs('status', '-s')).stdout).toBe('?? u\n')
    expect(await document('stash', 'drop', '0')).toEqual({ stash: 'stash@{0}', commit: pushed.stash })
    expect((await jzfs('stash', 'save', 'x')).stderr).toContain('hint: use `jzfs stash push -m TEXT`')
    expect((await jzfs('stash', '--staged', '-u')).status).toBe(129)
  })
})
