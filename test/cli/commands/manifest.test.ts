import { expect, it } from 'vitest'

import { encodeManifest } from '../../../src/model/manifest/manifest.ts'
import { runOperation } from '../../../src/repo/operation/operation.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { ANN } from '../../support/repository.ts'
import { runHere } from '../../support/run-here.ts'

/** A repository that holds a manifest, as a pin of one does, and nothing else leads to what it lists. */
async function pinned() {
  const repository = await temporaryDataset({ 'a.txt': 'a' })
  const head = (await repository.refs.read('refs/heads/main'))!
  const target = await commitTo(repository, { 'b.txt': 'b' })
  const manifest = encodeManifest({
    name: 'birds',
    description: 'Birds of the lake',
    defaultBranch: 'main',
    branches: [{ name: 'main', head }],
    tags: [{ name: 'v1', target }],
  })
  const pack = await repository.store.createPack()
  pack.add(manifest)
  await pack.finish()
  const refs = [
    { name: 'refs/heads/main', before: target, after: undefined, message: 'x' },
    { name: 'refs/pins/birds', before: undefined, after: manifest.cid, message: 'x' },
  ]
  using lock = await repository.lock('test')
  await runOperation(repository, lock, { command: 'test', person: ANN, refs })
  const jzfs = (...args: string[]) => runHere(repository.worktree ?? '', args)
  return { jzfs, head: head.toString(), target: target.toString(), cid: manifest.cid.toString() }
}

it('a manifest is shown, walked, verified, and keeps what it lists', async () => {
  const { jzfs, head, target, cid } = await pinned()
  const text = `name birds\ndefault main\nbranch ${head} main\ntag ${target} v1\n\nBirds of the lake\n`
  expect((await jzfs('cat-file', '-t', cid)).stdout).toBe('manifest\n')
  expect((await jzfs('cat-file', '-p', cid)).stdout).toBe(text)
  expect((await jzfs('show', 'refs/pins/birds')).stdout).toBe(`manifest ${cid}\n${text}`)
  const fields = { type: 'manifest', name: 'birds', branches: [{ name: 'main' }] }
  expect(JSON.parse((await jzfs('show', '--json', cid)).stdout)).toMatchObject(fields)
  expect(JSON.parse((await jzfs('cat-file', '--json', cid)).stdout)).toMatchObject(fields)

  const walk = async (path: string) => (await jzfs('rev-parse', `/ipfs/${cid}/${path}`)).stdout.trim()
  expect(await walk('branches/0/head')).toBe(head)
  expect(await walk('tags/0/target')).toBe(target)
  expect((await jzfs('cat', `/ipfs/${cid}/branches/0/head/tree/a.txt`)).stdout).toBe('a')
  expect((await jzfs('rev-parse', `/ipfs/${cid}/branches/1/head`)).status).toBe(128)

  await jzfs('gc', '--prune=now', '--expire=now')
  expect(await jzfs('verify', cid)).toMatchObject({ status: 0, stdout: expect.stringContaining('2 commits') })
  expect((await jzfs('fsck')).stdout).not.toMatch(/not-a-commit|dangling|missing/)
  expect(await jzfs('tag', 'x', cid)).toMatchObject({ status: 128 })
})
