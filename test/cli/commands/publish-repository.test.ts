import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { openHome } from '../../../src/node/home/home.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { type RanHere, runHere } from '../../support/run-here.ts'

interface Place {
  home: string
  jzfs(...args: string[]): Promise<RanHere>
}

/** A repository `birds` at a home of its own, with a commit on main, a branch `songs` and a tag. */
async function birds(): Promise<Place> {
  const folder = temporaryFolder()
  const home = join(folder, 'home')
  const top = join(folder, 'birds')
  await runHere(folder, ['init', '-q', 'birds'])
  writeFileSync(join(top, 'a.txt'), 'a')
  const jzfs = (...args: string[]) => runHere(top, args, { JZFS_HOME: home })
  await jzfs('add', '.')
  await jzfs('commit', '-q', '-m', 'one')
  await jzfs('branch', 'songs')
  await jzfs('tag', 'v1')
  return { home, jzfs }
}

const refsIn = ({ stdout }: RanHere): unknown[] => (JSON.parse(stdout) as { refs: unknown[] }).refs
const [FRIEND, OTHER] = [generateEd25519Key(), generateEd25519Key()]

describe('jzfs publish', () => {
  it('names the branch and the repository, which keep their names', async () => {
    const { jzfs } = await birds()
    const first = await jzfs('publish')
    expect(first).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^the repository birds is (ipns:\/\/k51\w+), sequence 0\n {2}jzfs clone \1 --peer ADDRESS\n {2}nobody can reach .*`jzfs daemon -d`.*\npublished main as ipns:\/\/k51\w+\n {2}commit baguqeera\w+, sequence 0\n$/,
      ),
    })
    const [, repository, main] = / is (ipns:\S+),[^]*main as (ipns:\S+)\n/.exec(first.stdout) ?? []
    expect((await jzfs('publish')).stdout).toMatch(new RegExp(`\nnothing new: main as ${main}\n`))
    expect(JSON.parse((await jzfs('publish', '--json')).stdout)).toMatchObject({ addresses: [], clone: null })
    const list = (await jzfs('publish', '--list')).stdout
    expect(list).toMatch(new RegExp(`^${repository} birds in /\\S+/birds\n {2}${main} main\n$`))
    expect(await jzfs('publish', '-q', 'songs')).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('takes several branches, all of them, and tags', async () => {
    const { jzfs } = await birds()
    expect(refsIn(await jzfs('publish', 'songs', 'main', '--json'))).toMatchObject([
      { ref: 'refs/heads/songs', changed: true, sequence: '0' },
      { ref: 'refs/heads/main', changed: true },
    ])
    expect(refsIn(await jzfs('publish', '--all', '--tags', '--json'))).toMatchObject([
      { ref: 'refs/heads/main', changed: false },
      { ref: 'refs/heads/songs', changed: false },
      { ref: 'refs/tags/v1', changed: true, audience: 'public' },
    ])
    expect((await jzfs('publish', '--list')).stdout).toMatch(/\n {2}tag v1\n$/)
  })

  it('says what the repository is, and whom it is for', async () => {
    const { jzfs } = await birds()
    const { stdout } = await jzfs('publish', '--description', 'seen', '--to', FRIEND.name, '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      changed: true,
      repository: { repository: 'birds', description: 'seen', writers: [], publishesPushed: null, sequence: '0' },
      refs: [{ audience: { peers: [FRIEND.peerId] } }],
    })
    expect((await jzfs('publish')).stdout).toContain(`, only to ${FRIEND.peerId}\n`)
    expect(refsIn(await jzfs('publish', '--public', '--json'))).toMatchObject([{ audience: 'public', changed: true }])
    expect(await jzfs('publish', '--to', 'nobody')).toMatchObject({
      status: 128,
      stderr: expect.stringContaining('"nobody" is no peer id'),
    })
  })

  it('lets the daemon publish it again, and no longer', async () => {
    const { jzfs } = await birds()
    const says = '\n  the daemon publishes it again when it moves\n'
    expect((await jzfs('publish', '--follow')).stdout).toContain(says)
    expect((await jzfs('publish')).stdout).toContain(says)
    expect((await jzfs('publish', '--no-follow')).stdout).not.toContain(says)
  })

  it('publishes nothing of an empty repository, unless it is for what is pushed later', async () => {
    const folder = temporaryFolder()
    const jzfs = (...args: string[]) => runHere(folder, args, { JZFS_HOME: join(folder, 'home') })
    await jzfs('init', '-q', '--bare', 'hosted')
    expect(await jzfs('-C', 'hosted', 'publish')).toMatchObject({
      status: 128,
      stderr: expect.stringMatching(/no commit to publish.*\nhint: .*--all/),
    })
    expect((await jzfs('-C', 'hosted', 'publish', '--all')).stdout).toMatch(
      /^the repository hosted is ipns:\S+, sequence 0\n {2}what is pushed is published too\n {2}jzfs clone ipns:/,
    )
  })
})

describe('jzfs unpublish', () => {
  it('takes branches, a tag, an IPNS name or all', async () => {
    const { jzfs, home } = await birds()
    await jzfs('publish', '--all', '--tags')
    expect((await jzfs('unpublish', 'refs/tags/v1')).stdout).toBe('no longer published: tag v1\n')
    expect((await jzfs('unpublish')).stdout).toBe('no longer published: main\n')
    expect(await jzfs('unpublish')).toMatchObject({ status: 128, stderr: expect.stringContaining('refs/heads/main') })
    const [registered] = openHome(home).repositories.list()
    expect((await jzfs('unpublish', registered?.heads[0]?.name ?? '')).stdout).toBe('no longer published: songs\n')
    expect((await jzfs('publish', '--list')).stdout).toMatch(/^ipns:\S+ birds in \S+\n$/)
    expect((await jzfs('unpublish', '--all')).stdout).toBe('no longer published: the repository birds\n')
    expect((await jzfs('publish', '--list')).stdout).toBe('')
    expect((await jzfs('publish', '--json')).stdout).toContain(registered?.manifest?.name)
  })

  it('happens by itself to branches and tags that are deleted', async () => {
    const { jzfs } = await birds()
    await jzfs('publish', '--all', '--tags')
    expect((await jzfs('branch', '-D', 'songs')).stderr).toBe('no longer published: songs\n')
    expect((await jzfs('tag', '-d', 'v1')).stderr).toBe('no longer published: tag v1\n')
    expect((await jzfs('publish', '--list')).stdout).toMatch(/^\S+ birds in \S+\n {2}\S+ main\n$/)
  })
})

describe('jzfs writer', () => {
  it('lets peers push, and no longer', async () => {
    const { jzfs } = await birds()
    expect((await jzfs('writer', 'ls')).stdout).toBe('')
    expect((await jzfs('writer', 'add', FRIEND.peerId, OTHER.peerId)).stdout).toMatch(/^2 may push to birds \(ipns:/)
    expect((await jzfs('writer', 'add', FRIEND.peerId)).stdout).toMatch(/^2 may push/)
    expect((await jzfs('writer', 'add', '-q', OTHER.peerId)).stdout).toBe('')
    expect((await jzfs('writer', 'ls')).stdout).toBe(`${FRIEND.peerId}\n${OTHER.peerId}\n`)
    const removed = await jzfs('writer', 'rm', OTHER.peerId, '--json')
    expect(JSON.parse(removed.stdout)).toMatchObject({ repository: 'birds', writers: [FRIEND.peerId] })
    expect(JSON.parse((await jzfs('writer', 'ls', '--json')).stdout)).toMatchObject({ writers: [FRIEND.peerId] })
    expect(await jzfs('writer', 'rm', OTHER.peerId)).toMatchObject({
      status: 128,
      stderr: expect.stringContaining('`jzfs writer ls` lists those who may'),
    })
    // They stay when branches come and go.
    await jzfs('publish')
    await jzfs('unpublish')
    expect((await jzfs('writer', 'ls')).stdout).toBe(`${FRIEND.peerId}\n`)
  })
})
