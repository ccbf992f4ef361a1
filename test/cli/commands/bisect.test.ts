import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { initRepository } from '../../../src/repo/init-repository.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'
import { storeHistory } from '../../support/stored-history.ts'

/** A repository of ten commits, in which `f` says the number of each; `g` changes in every third. */
async function tenCommits(options: { bare?: boolean } = {}) {
  const folder = temporaryFolder()
  const repository = await initRepository(folder, options)
  const sketches = Array.from({ length: 10 }, (_, at) => ({
    message: `commit ${at}\n`,
    entries: { f: `${at}\n`, g: `${Math.floor(at / 3)}\n` },
  }))
  const cids = (await storeHistory(repository, sketches)).map(String)
  await repository.close()
  if (options.bare !== true) await runHere(folder, ['restore', '--staged', '--worktree', '.'])
  const bisect = (...args: string[]) => runHere(folder, ['bisect', ...args])
  const tested = () => readFileSync(join(folder, 'f'), 'utf8').trim()
  return { folder, cids, bisect, tested }
}

/** A command that calls commits bad from this one on. */
const badFrom = (number: number) => ['sh', '-c', `test "$(cat f)" -lt ${number}`]

describe('bisect', () => {
  it('goes from commit to commit, finds the first bad one and comes back', async () => {
    const { bisect, tested, cids, folder } = await tenCommits()
    expect((await bisect('start')).stdout).toBe('status: waiting for both good and bad commits\n')
    expect((await bisect('bad')).stdout).toBe('status: waiting for good commit(s), bad commit known\n')
    expect((await bisect('good', 'HEAD~9')).stdout).toBe(
      `Bisecting: 4 revisions left to test after this (roughly 2 steps)\n[${cids[4]}] commit 4\n`,
    )
    expect(tested()).toBe('4')
    const found = await bisect('run', ...badFrom(7))
    expect(found.status).toBe(0)
    expect(found.stdout).toContain(`${cids[7]} is the first bad commit\ncommit ${cids[7]}\n`)
    expect(found.stdout).toContain(' f | 2 +-\n')
    expect(await bisect('reset')).toEqual({ status: 0, stdout: '', stderr: "Switched to branch 'main'\n" })
    expect(tested()).toBe('9')
    expect((await runHere(folder, ['for-each-ref', '--format=%(refname)'])).stdout).toBe('refs/heads/main\n')
    expect((await runHere(folder, ['status', '--short'])).stdout).toBe('')
  })

  it('skips what cannot be tested, and says where it is left with nothing else', async () => {
    const { bisect, cids } = await tenCommits()
    await bisect('start', 'HEAD', 'HEAD~4')
    const ended = await bisect('run', 'sh', '-c', 'exit 125')
    expect(ended.status).toBe(2)
    expect(ended.stdout).toContain("There are only 'skip'ped commits left to test.\n")
    for (const at of [6, 7, 8, 9]) expect(ended.stdout).toContain(`${cids[at]?.slice(0, 17)} commit ${at}\n`)
    await bisect('start', 'main', 'main~9')
    expect((await bisect('skip', 'main~9..main~2', '--json')).status).toBe(0)
    const { status, skipped } = JSON.parse((await bisect('skip', '--json')).stdout) as {
      status: string
      skipped: string[]
    }
    expect([status, skipped.length]).toEqual(['only-skipped', 8])
  })

  it('tests only commits that change the paths', async () => {
    const { bisect, cids } = await tenCommits()
    const { stdout } = await bisect('start', '--json', 'HEAD', 'HEAD~9', '--', 'g')
    expect(JSON.parse(stdout)).toMatchObject({ status: 'testing', commit: cids[3], remaining: 1 })
    expect(await bisect('start', 'main', 'main~9', '--', 'h')).toMatchObject({
      stderr: expect.stringContaining('no commit between them changes the paths'),
    })
  })

  it('takes other words, from the user or old and new', async () => {
    const { bisect } = await tenCommits()
    await bisect('start', '--term-new=slow', '--term-old', 'fast')
    expect((await bisect('terms')).stdout).toContain('fast for the state before, and slow for the state after')
    await bisect('slow')
    expect((await bisect('fast', 'HEAD~4', '--json')).stdout).toContain('"terms":{"old":"fast","new":"slow"}')
    expect(await bisect('bad')).toMatchObject({ status: 128, stderr: expect.stringContaining('"bad" is no command') })
    await bisect('start')
    expect(await bisect('new')).toMatchObject({ stdout: 'status: waiting for old commit(s), new commit known\n' })
    for (const args of [
      ['--term-new=skip'],
      ['--term-new=a', '--term-old=a'],
      ['--term-old=bad'],
      ['--term-new=a..b'],
    ]) {
      expect(await bisect('start', ...args)).toMatchObject({ status: 128, stderr: expect.stringContaining('term') })
    }
  })

  it('is replayed from its log', async () => {
    const { bisect, folder, tested } = await tenCommits()
    await bisect('start', 'HEAD', 'HEAD~9', '--', 'f')
    await bisect('good')
    await bisect('skip')
    const [at, { stdout }] = [tested(), await bisect('log')]
    expect(stdout).toMatch(/^jzfs bisect start '--' 'f'\n# bad: \[.*\] commit 9\njzfs bisect bad /)
    writeFileSync(join(folder, 'log'), stdout)
    await bisect('reset')
    await bisect('replay', 'log')
    expect([tested(), (await bisect('log')).stdout]).toEqual([at, stdout])
    writeFileSync(join(folder, 'log'), 'rm -rf /\n')
    expect(await bisect('replay', 'log')).toMatchObject({ status: 128, stderr: expect.stringContaining('line 1') })
  })

  it('that cannot go on changes nothing', async () => {
    const { bisect, folder, tested } = await tenCommits()
    await bisect('start', 'HEAD', 'HEAD~9')
    const { stdout: log } = await bisect('log')
    expect((await runHere(folder, ['status'])).stdout).toContain("You are currently bisecting, started from 'main'.\n")
    writeFileSync(join(folder, 'f'), 'mine\n')
    expect(await bisect('good')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/would be lost: f\n.*stash/),
    })
    expect(tested()).toBe('mine')
    expect((await bisect('log')).stdout).toBe(log)
    await runHere(folder, ['restore', 'f'])
    expect((await bisect('good')).status).toBe(0)
    expect(await bisect('start', 'main~9', 'main')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('mix up'),
    })
    expect((await bisect('log')).stdout).not.toBe('')
  })

  it('stops at a command that cannot be run or says nothing', async () => {
    const { bisect, tested } = await tenCommits()
    await bisect('start', 'HEAD', 'HEAD~9')
    const before = (await bisect('log')).stdout
    for (const command of [
      ['no-such-command'],
      ['sh', '-c', 'exit 127'],
      ['sh', '-c', 'exit 128'],
      ['sh', '-c', 'kill -9 $$'],
    ]) {
      expect(await bisect('run', ...command)).toMatchObject({
        status: 128,
        stderr: expect.stringContaining('ended with'),
      })
    }
    expect((await bisect('log')).stdout).toBe(before)
    expect(tested()).toBe('4')
  })

  it('leaves files alone where it is told to, and where there are none', async () => {
    const { bisect, folder, tested, cids } = await tenCommits()
    await bisect('start', '--no-checkout', 'HEAD', 'HEAD~9')
    expect(tested()).toBe('9')
    expect((await runHere(folder, ['rev-parse', 'bisect/head'])).stdout).toBe(`${cids[4]}\n`)
    await bisect('bad')
    expect((await runHere(folder, ['rev-parse', 'bisect/head'])).stdout).toBe(`${cids[2]}\n`)
    expect((await bisect('reset')).status).toBe(0)
    const bare = await tenCommits({ bare: true })
    expect((await bare.bisect('start', 'HEAD', 'HEAD~9')).stdout).toContain('commit 4')
    expect((await bare.bisect('run', 'sh', '-c', 'exit 1')).stdout).toContain(`${cids[1]} is the first bad commit`)
  })
})
