import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { expect, it, onTestFinished } from 'vitest'

import { decodeManifest } from '../../../src/model/manifest/manifest.ts'
import { openHome } from '../../../src/node/home/home.ts'
import { createHomeOffer } from '../../../src/node/offer/home-offer.ts'
import { publishedRecord } from '../../../src/node/offer/published-record.ts'
import { createServedBlocks } from '../../../src/node/offer/served-blocks.ts'
import { publishRefs } from '../../../src/node/publish/publish.ts'
import { runOperation } from '../../../src/repo/operation/operation.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { listRefs } from '../../../src/sync/protocol/ask-peer.ts'
import { storeCommit } from '../../support/remote-history.ts'
import { ANN, temporaryFolder, temporaryRepository } from '../../support/repository.ts'

const NOW = new Date('2026-03-01T00:00:00Z')
const WRITER = { peerId: 'writer' }
const command = 'push'

it('what a push moved before its node was killed is published when a writer asks next; what the owner moved is not', async () => {
  const home = openHome(join(temporaryFolder(), 'home'))
  const repository = await temporaryRepository({ bare: true })
  const served = createServedBlocks(home)
  onTestFinished(() => served.close())
  const move = async (name: string, after: CID, person = ANN): Promise<void> => {
    using lock = await repository.lock(command)
    const before = await repository.refs.read(name)
    await runOperation(repository, lock, { command, person, refs: [{ name, before, after, message: 'push' }] })
  }
  const [main, own] = ['refs/heads/main', 'refs/heads/own']
  const first = await storeCommit(repository, { text: 'one' })
  const second = await storeCommit(repository, { text: 'two', parents: [first], at: 1 })
  await move(main, first)
  await move(own, first)
  const writers = (): string[] => [WRITER.peerId]
  await publishRefs(home, { repository, refs: [main, own], writers, command, now: NOW })

  // A push by wire is the writer's; the other one is the owner's, through a folder.
  await move(main, second, { ...ANN, name: WRITER.peerId })
  await move(own, second)
  const heads = async (asker: typeof WRITER | 'everybody') => {
    const peer = createLocalPeer({
      label: 'home',
      record: (name) => publishedRecord(home, name, asker),
      offer: () => createHomeOffer(home, asker, { served, now: () => NOW }),
    })
    const { manifest } = await listRefs(peer, {})
    return decodeManifest(manifest!.cid, manifest!.bytes).branches.map(({ head }) => head.toString())
  }
  expect(await heads('everybody')).toEqual([first, first].map(String))
  expect(await heads(WRITER)).toEqual([second, first].map(String))
  expect(await heads('everybody')).toEqual([second, first].map(String))
})
