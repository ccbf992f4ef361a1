import { watch } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { expect, it, onTestFinished } from 'vitest'

import { decodeManifest } from '../../../src/model/manifest/manifest.ts'
import { openHome } from '../../../src/node/home/home.ts'
import { createHomeOffer } from '../../../src/node/offer/home-offer.ts'
import { publishedRecord } from '../../../src/node/offer/published-record.ts'
import { createServedBlocks } from '../../../src/node/offer/served-blocks.ts'
import { initRepository } from '../../../src/repo/init-repository.ts'
import { runOperation } from '../../../src/repo/operation/operation.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { openRecord } from '../../../src/sync/names/ipns-record.ts'
import { askKnown, listRefs } from '../../../src/sync/protocol/ask-peer.ts'
import { commitTo } from '../../support/dataset.ts'
import { createNode, type Node, type Running } from '../../support/jzfs.ts'
import { ANN } from '../../support/repository.ts'
import { receiveInto, temporaryStore } from '../../support/transfer.ts'

const BRANCHES = Array.from({ length: 5 }, (_, index) => `refs/heads/b${String(index).padStart(2, '0')}`)
const KILLS = 16

/** Gives a branch another history, so that what was published of it is to be taken away. */
async function rewrite(repository: Repository, name: string): Promise<void> {
  const before = await repository.refs.read(name)
  using lock = await repository.lock('test')
  await runOperation(repository, lock, {
    command: 'test',
    person: ANN,
    refs: [{ name, before, after: undefined, message: 'x' }],
  })
}

/** What everybody sees is whole: each name means what can be had, the manifest is the one that is signed. */
async function expectWhole({ home: directory }: Node, hidden: CID[]): Promise<bigint> {
  const home = openHome(directory)
  const served = createServedBlocks(home)
  const peer = createLocalPeer({
    label: 'home',
    record: (name) => publishedRecord(home, name),
    offer: () => createHomeOffer(home, 'everybody', { served, now: () => new Date() }),
  })
  try {
    expect(await askKnown(peer, hidden)).toEqual([])
    if (home.repositories.list().length === 0) return -1n
    const { name, record, manifest } = await listRefs(peer, {})
    const signed = await openRecord(name ?? '', record ?? new Uint8Array())
    expect(signed.cid.toString()).toBe(manifest?.cid.toString())
    const { branches } = decodeManifest(signed.cid, manifest!.bytes)
    const store = await temporaryStore()
    await receiveInto(store, (await peer.openSync!())!, [signed.cid], { wanted: 'manifest' })
    for (const branch of branches) {
      const own = await openRecord(
        branch.ipns ?? '',
        (await publishedRecord(home, branch.ipns ?? '')) ?? new Uint8Array(),
      )
      expect(served.view('everybody').mayServe(own.cid)).toBe(true)
    }
    return signed.sequence
  } finally {
    await served.close()
  }
}

/** Kills a process when it has changed so many things in a folder; it may end before. */
async function killAfter(running: Running, folder: string, changes: number): Promise<void> {
  let seen = 0
  const watcher = watch(folder, { recursive: true }, () => {
    if (++seen >= changes) running.process.kill('SIGKILL')
  })
  await running.ended
  watcher.close()
}

it('a publication that is killed at any moment leaves what everybody sees whole', { timeout: 120_000 }, async () => {
  const node = createNode()
  openHome(node.home)
  const repository = await initRepository(join(node.folder, 'data'), {})
  onTestFinished(() => repository.close())
  const secret = await commitTo(repository, { secret: 'secret' }, 'refs/heads/secret')
  const publish = ['publish', ...BRANCHES.map((ref) => ref.slice('refs/heads/'.length))]
  const cwd = join(node.folder, 'data')
  for (const ref of BRANCHES) await commitTo(repository, { a: ref }, ref)
  expect(await node.jzfs(publish, { cwd })).toMatchObject({ status: 0 })
  let sequence = 0n
  let finished = 0
  for (let kill = 0; kill < KILLS; kill++) {
    if (kill % 3 === 2) await rewrite(repository, BRANCHES[kill % BRANCHES.length]!)
    for (const [index, ref] of BRANCHES.entries()) await commitTo(repository, { [`${index}`]: `${kill}` }, ref)
    const running = node.start(publish, { cwd })
    await killAfter(running, node.home, 1 + ((kill * 47) % 109))
    const seen = await expectWhole(node, [secret])
    expect(seen).toBeGreaterThanOrEqual(sequence)
    if (seen > sequence) finished++
    sequence = seen
  }
  // Some were killed before the manifest was signed, some after.
  expect(finished).toBeGreaterThan(0)
  expect(finished).toBeLessThan(KILLS)
  expect(await node.jzfs(publish, { cwd })).toMatchObject({ status: 0 })
  expect(await expectWhole(node, [secret])).toBeGreaterThanOrEqual(sequence)
})
