import { join } from 'node:path'

import { CID } from 'multiformats/cid'
import { expect, it, onTestFinished } from 'vitest'

import { createHttpPeer } from '../../src/http/peer/http-peer.ts'
import { runDaemon } from '../../src/http/run-daemon.ts'
import { cidOf, RAW } from '../../src/model/cid.ts'
import { decodeManifest } from '../../src/model/manifest/manifest.ts'
import { type Ed25519Key, generateEd25519Key } from '../../src/node/home/ed25519-key.ts'
import { openHome } from '../../src/node/home/home.ts'
import { connectPeer } from '../../src/node/network/client-node.ts'
import { publishRefs } from '../../src/node/publish/publish.ts'
import type { Peer } from '../../src/sync/peer.ts'
import { askKnown, listRefs } from '../../src/sync/protocol/ask-peer.ts'
import { commitTo, temporaryDataset } from '../support/dataset.ts'
import { temporaryFolder } from '../support/repository.ts'
import { reachedBy, receiveInto, temporaryStore } from '../support/transfer.ts'

const command = 'jzfs daemon'
const [friend, stranger] = [generateEd25519Key(), generateEd25519Key()]

/** A daemon with a public branch, one for a friend, one for nobody, and a block that is only staged. */
async function startDaemon() {
  const home = openHome(join(temporaryFolder(), 'home'))
  const repository = await temporaryDataset({ a: 'public' })
  const forFriend = await commitTo(repository, { friend: 'for a friend' }, 'refs/heads/friend')
  const secret = await commitTo(repository, { secret: 'secret' }, 'refs/heads/secret')
  const staged = { cid: cidOf(RAW, Buffer.from('staged')), bytes: Buffer.from('staged') }
  const pack = await repository.store.createPack()
  pack.add(staged)
  await pack.finish()
  const publish = (ref: string, audience: 'public' | { peers: string[] }) =>
    publishRefs(home, { repository, refs: [ref], audience, command, now: new Date() })
  await publish('refs/heads/main', 'public')
  const { refs } = await publish('refs/heads/friend', { peers: [friend.peerId] })
  const daemon = await runDaemon({ home, version: '0', command, now: () => new Date(), httpPort: 0 })
  onTestFinished(() => daemon.stop())
  const cidsOf = async (root: CID) => [...(await reachedBy(repository.store, [root]))].map((text) => CID.parse(text))
  const nameForFriend = refs[0]?.name ?? ''
  return { daemon, nameForFriend, forFriend: await cidsOf(forFriend), hidden: [...(await cidsOf(secret)), staged.cid] }
}

type Ask = { carrier: string; who: string; peer: Peer }

it('whoever asks, over whatever carrier, sees what is published to him and nothing else', async () => {
  const { daemon, nameForFriend, forFriend, hidden } = await startDaemon()
  const { addresses, http } = daemon.state
  const overHttp = (key: Ed25519Key | undefined): Peer => {
    const peer = createHttpPeer(http ?? '', { key })
    onTestFinished(() => peer.close())
    return peer
  }
  const overLibp2p = async (key: Ed25519Key): Promise<Peer> => {
    const peer = await connectPeer(addresses[0] ?? '', { privateKey: key.protobuf })
    onTestFinished(() => peer.close())
    return peer
  }
  const asks: Ask[] = [
    { carrier: 'HTTP', who: 'everybody', peer: overHttp(undefined) },
    { carrier: 'HTTP', who: 'stranger', peer: overHttp(stranger) },
    { carrier: 'HTTP', who: 'friend', peer: overHttp(friend) },
    { carrier: 'libp2p', who: 'stranger', peer: await overLibp2p(stranger) },
    { carrier: 'libp2p', who: 'friend', peer: await overLibp2p(friend) },
  ]
  for (const { carrier, who, peer } of asks) {
    const listed = await listRefs(peer, {})
    const { branches } = decodeManifest(listed.manifest!.cid, listed.manifest!.bytes)
    const isFriend = who === 'friend'
    const seen = [...branches.map(({ name }) => name), ...listed.heads.map(({ ref }) => ref)]
    expect([carrier, who, ...seen]).toEqual([carrier, who, 'main', ...(isFriend ? ['refs/heads/friend'] : [])])
    expect([carrier, who, (await peer.resolveName(nameForFriend)) !== undefined]).toEqual([carrier, who, isFriend])
    const had = await whatIsHad(peer, [...forFriend, ...hidden])
    expect([carrier, who, ...had]).toEqual([carrier, who, ...(isFriend ? forFriend.map(String) : [])])
  }
  const overBitswap = asks
    .filter(({ carrier }) => carrier === 'libp2p')
    .flatMap(({ peer }) => [forFriend[0]!, hidden[0]!].map(async (cid) => peer.fetchBlock?.(cid, { signal: soon() })))
  const asked = await Promise.allSettled(overBitswap)
  expect(asked.filter(({ status }) => status === 'fulfilled')).toEqual([])
})

const soon = (): AbortSignal => AbortSignal.timeout(300)

async function whatIsHad(peer: Peer, cids: CID[]): Promise<string[]> {
  const had: string[] = []
  const commits = cids.filter(({ code }) => code === 0x129)
  const known = new Set((await askKnown(peer, commits)).map(String))
  for (const cid of cids) {
    const duplex = await peer.openSync?.()
    const received = receiveInto(await temporaryStore(), duplex!, [cid], { wanted: 'any' })
    const isHad = await received.then(
      () => true,
      (error: { code?: string }) => (error.code === 'not-served' ? false : Promise.reject(error)),
    )
    if (commits.includes(cid)) expect(known.has(cid.toString())).toBe(isHad)
    if (isHad) had.push(cid.toString())
  }
  return had
}
