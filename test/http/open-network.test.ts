import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { openNetwork, type Network } from '../../src/http/open-network.ts'
import { runDaemon } from '../../src/http/run-daemon.ts'
import type { Daemon } from '../../src/node/daemon.ts'
import { type Home, openHome } from '../../src/node/home/home.ts'
import { publishBranch } from '../../src/node/publish/publish.ts'
import { fetchFromPeers } from '../../src/sync/clone/fetch-from-peers.ts'
import { temporaryDataset } from '../support/dataset.ts'
import { temporaryFolder } from '../support/repository.ts'
import { temporaryStore } from '../support/transfer.ts'

const command = 'jzfs test'
const temporaryHome = (): Home => openHome(join(temporaryFolder(), 'home'))
async function start(home = temporaryHome()): Promise<Daemon> {
  const daemon = await runDaemon({ home, version: '0', command, now: () => new Date() })
  onTestFinished(() => daemon.stop())
  return daemon
}
async function open(home: Home, addresses: string[]): Promise<Network> {
  const network = await openNetwork(home, { addresses })
  onTestFinished(() => network.close())
  return network
}
async function publisher() {
  const daemon = await start()
  const repository = await temporaryDataset({ a: 'a' })
  const request = { repository, ref: 'refs/heads/main', command, now: new Date() }
  const publication = await publishBranch(daemon.home, request)
  return { daemon, publication, address: daemon.state.addresses[0] ?? '' }
}

describe('the network of a command', () => {
  it('is the same with a daemon, without one, and for an address of its own', async () => {
    const { daemon, publication, address } = await publisher()
    for (const home of [temporaryHome(), (await start()).home, daemon.home]) {
      const { peers } = await open(home, [address])
      expect(await peers[0]?.resolveName(publication.name)).toEqual(Buffer.from(publication.record.bytes))
      const store = await temporaryStore()
      expect(await fetchFromPeers({ wants: [publication.commit], peers, store })).toMatchObject({ blocks: 3 })
    }
  })

  it('asks this node and those that its daemon is connected to when no address is given', async () => {
    const { daemon, publication, address } = await publisher()
    const asker = await start()
    expect((await open(temporaryHome(), [])).peers.map(({ label }) => label)).toEqual(['this node'])
    await asker.node.connect(address)
    const { peers } = await open(asker.home, [])
    expect(peers.map(({ label }) => label)).toEqual(['this node', daemon.node.peerId])
    const store = await temporaryStore()
    expect(await fetchFromPeers({ wants: [publication.commit], peers, store })).toMatchObject({
      peer: daemon.node.peerId,
      failures: [{ code: 'not-served' }],
    })
  })

  it('goes on with the next peer when one is gone in the middle', async () => {
    const { daemon, publication, address } = await publisher()
    const other = await start()
    const { peers } = await open((await start()).home, [other.state.addresses[0] ?? '', address])
    await other.stop()
    const store = await temporaryStore()
    const fetched = await fetchFromPeers({ wants: [publication.commit], peers, store })
    expect(fetched.failures).toHaveLength(1)
    expect(fetched.peer).toContain(daemon.node.peerId)
  })

  it('leaves out an address that nobody answers at, where another one does', async () => {
    const { publication, address } = await publisher()
    for (const home of [temporaryHome(), (await start()).home]) {
      const { peers, unreachable } = await open(home, ['/ip4/127.0.0.1/tcp/1', address])
      expect(unreachable).toMatchObject([{ code: 'peer-unreachable' }])
      expect(peers).toHaveLength(1)
      expect(await peers[0]?.resolveName(publication.name)).toBeDefined()
    }
  })

  it('says which address nobody answers at', async () => {
    const peer = '/ip4/127.0.0.1/tcp/1'
    await expect(open(temporaryHome(), [peer])).rejects.toMatchObject({ code: 'peer-unreachable', details: { peer } })
    const { home } = await start()
    await expect(open(home, [peer])).rejects.toMatchObject({ code: 'peer-unreachable', details: { peer } })
  })
})
