import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { setRefs, storeCommit } from '../../support/remote-history.ts'
import { temporaryFolder, temporaryRepository } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'

/** A bare repository with two commits on main, another with the first of them that has it as `origin`. */
async function twoRepositories() {
  const [hub, work] = [await temporaryRepository({ bare: true }), await temporaryRepository({ bare: true })]
  const home = temporaryFolder()
  const run = (...args: string[]) => runHere(work.path, args, { JZFS_HOME: home })
  const first = await storeCommit(hub, { text: 'one' })
  const second = await storeCommit(hub, { text: 'two', parents: [first], at: 1 })
  await setRefs(hub, { 'refs/heads/main': second, 'refs/tags/v1': first })
  await storeCommit(work, { text: 'one' })
  await setRefs(work, { 'refs/heads/main': first })
  expect(await run('remote', 'add', 'origin', hub.path)).toMatchObject({ status: 0 })
  return { hub, work, run, first: first.toString(), second: second.toString() }
}

describe('jzfs fetch', () => {
  it('says on standard error what it did, as git does, and nothing where nothing is new', async () => {
    const { hub, run } = await twoRepositories()
    const { status, stdout, stderr } = await run('fetch')
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
    expect(stderr.split('\n')).toEqual([
      `From ${hub.path}`,
      ' * [new branch]      main       -> origin/main',
      ' * [new tag]         v1         -> v1',
      '',
    ])
    expect(await run('fetch')).toEqual({ status: 0, stdout: '', stderr: '' })
    expect((await run('fetch', '-v')).stderr).toContain(' = [up to date]      main       -> origin/main')
    expect((await run('rev-parse', 'FETCH_HEAD', 'origin/main')).stdout.split('\n')[0]).toMatch(/^bagu/)
  })

  it('prints a document, and exits with 1 where a ref is rejected', async () => {
    const { run, second } = await twoRepositories()
    const { stdout } = await run('fetch', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      remote: 'origin',
      head: 'refs/heads/main',
      refs: [
        { source: 'refs/heads/main', target: 'refs/remotes/origin/main', before: null, after: second, verdict: 'new' },
        { target: 'refs/tags/v1', verdict: 'new' },
      ],
      forMerge: [],
    })
    const rejected = await run('fetch', 'origin', 'v1:refs/remotes/origin/main')
    expect(rejected).toMatchObject({ status: 1, stderr: expect.stringContaining('(non-fast-forward)') })
    expect(await run('fetch', '--all', '-q')).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it.each([
    ['a remote that is not there', ['fetch', 'nope'], 'there is no remote "nope"'],
    ['a folder that is not there', ['fetch', './nope'], 'there is neither a repository nor a bundle: '],
    ['a ref that is not there', ['fetch', 'origin', 'nope'], 'the remote has no ref "nope"'],
    ['what is no URL', ['fetch', 'ftp://x/y'], 'ftp:// is not known'],
  ])('names %s, and exits with 128', async (_what, args, message) => {
    const { run } = await twoRepositories()
    expect(await run(...args)).toMatchObject({ status: 128, stderr: expect.stringContaining(message) })
  })
})

describe('jzfs push', () => {
  it('says what it did, and how to go on where it was rejected', async () => {
    const { hub, run } = await twoRepositories()
    expect(await run('push', 'origin', 'main')).toEqual({
      status: 1,
      stdout: '',
      stderr: [
        `To ${hub.path}`,
        ' ! [rejected]        main -> main (fetch first)',
        `jzfs: failed to push some refs to '${hub.path}'`,
        'hint: the remote has commits that are not here: `jzfs fetch`, merge or rebase, and push again',
        '',
      ].join('\n'),
    })
    expect(await run('push', '-u', 'origin', 'main:mine')).toEqual({
      status: 0,
      stdout: "branch 'main' set up to track 'origin/mine'.\n",
      stderr: `To ${hub.path}\n * [new branch]      main -> mine\n`,
    })
    expect((await run('push', 'origin', 'main:mine')).stderr).toBe('Everything up-to-date\n')
    expect((await run('push', '-q', 'origin', ':mine')).stderr).toBe('')
  })

  it('prints a document, refused or not', async () => {
    const { run, first } = await twoRepositories()
    const { stdout, status } = await run('push', '--json', 'origin', 'main:mine')
    expect({ status, ...JSON.parse(stdout) }).toMatchObject({
      status: 0,
      rejected: false,
      refs: [{ source: 'refs/heads/main', target: 'refs/heads/mine', before: null, after: first, verdict: 'new' }],
    })
    const lease = await run('push', '--json', '--force-with-lease=main:', 'origin', 'main')
    expect(lease.status).toBe(1)
    expect(JSON.parse(lease.stdout.split('\n')[0]!)).toMatchObject({ rejected: true, refs: [{ reason: 'stale info' }] })
  })

  it.each([
    ['a source that is not there', ['push', 'origin', 'nope'], 1, 'src refspec nope does not match any'],
    ['a target that is not there', ['push', 'origin', ':nope'], 1, "unable to delete 'nope'"],
    ['no branch to push to', ['push'], 128, 'main has no place to be pushed to'],
    ['--all with refspecs', ['push', '--all', 'origin', 'main'], 129, '--all and refspecs do not go together'],
    ['--delete of nothing', ['push', '--delete', 'origin'], 129, '--delete wants the names of refs'],
  ])('names %s', async (_what, args, status, message) => {
    const { run } = await twoRepositories()
    expect(await run(...args)).toMatchObject({ status, stderr: expect.stringContaining(message) })
  })
})

describe('jzfs bundle, ls-remote', () => {
  it('make, verify and list', async () => {
    const { hub, run, first, second } = await twoRepositories()
    const file = join(temporaryFolder(), 'x.car')
    expect(await run('ls-remote', 'origin', '--heads')).toMatchObject({ stdout: `${second}\trefs/heads/main\n` })
    expect(await run('ls-remote', '--exit-code', 'origin', 'nope')).toMatchObject({ status: 2, stdout: '' })
    expect(await run('fetch', '-q')).toMatchObject({ status: 0 })
    expect(await run('bundle', 'create', file, '--all')).toMatchObject({ status: 0, stdout: '' })
    expect(await run('bundle', 'list-heads', file)).toMatchObject({
      stdout: `${first} refs/heads/main\n${first} refs/tags/v1\n`,
    })
    expect(await run('bundle', 'verify', '-q', file)).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(await runHere(hub.path, ['bundle', 'unbundle', file, 'v1'])).toMatchObject({
      stdout: `${first} refs/tags/v1\n`,
    })
    expect(await run('push', file, 'main')).toMatchObject({
      status: 128,
      stderr: expect.stringContaining('nobody can push'),
    })
    writeFileSync(file, 'nonsense')
    expect(await run('bundle', 'verify', file)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('is no bundle'),
    })
  })
})
