import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import { initRepository } from '../../../src/repo/init-repository.ts'
import { createNode } from '../../support/jzfs.ts'
import { type SketchedCommit, storeHistory } from '../../support/stored-history.ts'

/** A node whose folder is a repository with these commits. */
async function nodeWith(
  sketches: readonly SketchedCommit[],
  missing: (cid: CID, position: number) => boolean = () => false,
) {
  const node = createNode()
  const repository = await initRepository(node.folder)
  const cids = await storeHistory(repository, sketches, ({ cid }, position) => missing(cid, position))
  await repository.close()
  return { jzfs: (...args: string[]) => node.jzfs(args), cids: cids.map(String) }
}

const chain = [0, 1, 2, 3, 4].map((at) => ({
  message: `commit ${at}\n`,
  entries: { a: `${at}\n`, b: { entries: { c: 'c' } } },
}))

/** Two branches change one line each of two files, and the merge, a line of its own in `both`. */
const merged: SketchedCommit[] = [
  { message: 'base', entries: { both: '0\n', left: '0\n', right: '0\n' } },
  { message: 'left', entries: { both: '1\n', left: '1\n', right: '0\n' } },
  { message: 'right', parents: [0], entries: { both: '2\n', left: '0\n', right: '2\n' } },
  { message: 'merge', parents: [1, 2], entries: { both: '1 and 2\n', left: '1\n', right: '2\n' } },
]

describe('a block that is missing', () => {
  it('ends a log that has shown what came before it, and is named', async () => {
    const { jzfs, cids } = await nodeWith(chain, (_, position) => position === 1)
    const ended = await jzfs('log', '--format=%s')
    expect(ended).toMatchObject({ status: 128, stdout: 'commit 4\ncommit 3\n' })
    expect(ended.stderr).toContain(`block ${cids[1]} is not here`)
    expect(ended.stderr).toContain('hint: ')
    expect(await jzfs('log', '--format=%s', '-2')).toMatchObject({ status: 0, stdout: 'commit 4\ncommit 3\n' })
    expect(await jzfs('rev-list', '--count', 'HEAD')).toMatchObject({ status: 128, stdout: '' })
    expect(await jzfs('rev-parse', 'HEAD~4')).toMatchObject({
      status: 128,
      stderr: expect.stringContaining(String(cids[1])),
    })
  })

  it('of a file is named with its path by verify, and by whoever reads it', async () => {
    const lost = cidOf(RAW, Buffer.from('c'))
    const { jzfs, cids } = await nodeWith(chain, (cid) => cid.equals(lost))
    const verified = await jzfs('verify', '--json')
    expect(verified.status).toBe(3)
    const [finding, totals] = verified.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    expect(finding).toMatchObject({
      kind: 'finding',
      code: 'block-missing',
      cid: lost.toString(),
      path: 'b/c',
      commit: cids[4],
      revision: 'HEAD',
    })
    expect(totals).toMatchObject({ kind: 'totals', commits: 5, findings: 1 })
    for (const args of [
      ['cat', 'HEAD:b/c'],
      ['show', 'HEAD:b/c'],
      ['diff', 'HEAD:a', 'HEAD:b/c'],
      ['cat-file', '-p', 'HEAD:b/c'],
    ]) {
      expect(await jzfs(...args)).toMatchObject({ status: 128, stderr: expect.stringContaining(lost.toString()) })
    }
    expect(await jzfs('cat-file', '-e', 'HEAD:b/c')).toMatchObject({ status: 1, stdout: '', stderr: '' })
    expect(await jzfs('ls', '-R')).toMatchObject({ status: 0, stdout: 'a\nb/\nb/c\n' })
  })
})

describe('a merge', () => {
  it('is drawn with its lines, and shown where it differs from both parents', async () => {
    const { jzfs, cids } = await nodeWith(merged)
    const drawn = await jzfs('log', '--graph', '--format=%s')
    expect(drawn.stdout).toBe('*   merge\n|\\  \n| * right\n* | left\n|/  \n* base\n')
    const shown = await jzfs('show', '--format=%p', '--name-status')
    const short = (at: number) => cids[at]?.slice(0, 17) ?? ''
    expect(shown.stdout).toBe(`${short(1)} ${short(2)}\n\nMM\tboth\n`)
    expect((await jzfs('show', '-m', '--format=', '--name-only', 'HEAD')).stdout).toContain('both\nright\n')
    expect((await jzfs('log', '-1', '--format=%s', '--name-only')).stdout).toBe('merge\n')
    expect((await jzfs('log', '--first-parent', '--format=%s', '--name-only', '-1')).stdout).toBe(
      'merge\n\nboth\nright\n',
    )
    expect((await jzfs('log', '--format=%s', 'HEAD', '--', 'left')).stdout).toBe('left\nbase\n')
    expect((await jzfs('log', '--graph', '--format=%s', 'HEAD', '--', 'both')).stdout).toBe(drawn.stdout)
    expect((await jzfs('rev-list', '--count', 'HEAD^1..HEAD')).stdout).toBe('2\n')
    expect((await jzfs('diff', '--name-only', 'HEAD^1...HEAD^2')).stdout).toBe('both\nright\n')
  })
})

describe('short CIDs', () => {
  it('that can mean several commits are refused, with those', async () => {
    // Of 3,000 commits some two begin alike.
    const many = Array.from({ length: 3000 }, (_, at) => ({ message: `${at}`, entries: {} }))
    const { jzfs, cids } = await nodeWith(many)
    const beginnings = Map.groupBy(cids, (cid) => cid.slice(0, 13))
    const [beginning, same] = [...beginnings].find(([, found]) => found.length > 1) ?? []
    const ended = await jzfs('log', '-1', String(beginning))
    expect(ended).toMatchObject({ status: 128, stdout: '' })
    for (const cid of same ?? ['none']) expect(ended.stderr).toContain(cid)
    const whole = cids.at(-1) ?? ''
    expect(await jzfs('rev-parse', whole.slice(0, 20))).toMatchObject({ status: 0, stdout: `${whole}\n` })
  })
})

describe('a bare repository', () => {
  it('has history, and takes paths from the top', async () => {
    const node = createNode()
    const repository = await initRepository(node.folder, { bare: true })
    await storeHistory(repository, chain)
    await repository.close()
    const jzfs = (...args: string[]) => node.jzfs(args)
    expect(await jzfs('log', '--format=%s', 'HEAD', '--', 'b')).toMatchObject({ status: 0, stdout: 'commit 0\n' })
    expect(await jzfs('diff', '--stat', 'HEAD~1', 'HEAD')).toMatchObject({
      stdout: ' a | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n',
    })
    expect(await jzfs('cat', 'HEAD:a')).toMatchObject({ stdout: '4\n' })
    expect(await jzfs('rev-parse', '--is-bare-repository', '--is-inside-work-tree')).toMatchObject({
      stdout: 'true\nfalse\n',
    })
    for (const args of [['diff'], ['diff', '--cached'], ['rev-parse', '--show-toplevel']]) {
      expect(await jzfs(...args)).toMatchObject({
        status: 128,
        stdout: '',
        stderr: expect.stringContaining('working tree'),
      })
    }
  })
})
