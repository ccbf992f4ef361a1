import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished } from 'vitest'

import { createDaemonRouting } from '../../../src/http/routing/daemon-routing.ts'
import { createRouter } from '../../../src/http/routing/router.ts'
import { runDaemon } from '../../../src/http/run-daemon.ts'
import { openHome } from '../../../src/node/home/home.ts'
import { decodeKey } from '../../../src/node/home/key-format.ts'
import { importKey } from '../../../src/node/names/home-keys.ts'
import { publishName } from '../../../src/node/names/publish-name.ts'
import { createRecord } from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import { resolveName } from '../../../src/sync/names/resolve-name.ts'
import { createKuboRepository, findKubo, type KuboRepository } from '../../support/kubo.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { runAside } from '../../support/run-aside.ts'

const binary = findKubo()
const command = 'jzfs test'
const one = CID.parse('bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
const two = CID.parse('bafkreidon73zkcrwdb5iafqtijxildoonbwnpv7dyd6ef3qdgads2jc4su')

async function startKubo(settings: Record<string, unknown>): Promise<KuboRepository & { gatewayUrl: string }> {
  const kubo = await createKuboRepository(binary ?? '', temporaryFolder())
  for (const [key, value] of Object.entries(settings)) kubo.ipfs(['config', '--json', key, JSON.stringify(value)])
  const daemon = await kubo.startDaemon()
  onTestFinished(() => daemon.stop())
  return { ...kubo, gatewayUrl: daemon.gatewayUrl }
}

/** A daemon of ours whose routing is mounted on a listener. */
async function startOurs() {
  const home = openHome(join(temporaryFolder(), 'home'))
  const now = (): Date => new Date()
  const daemon = await runDaemon({ home, version: '0', command, now })
  onTestFinished(() => daemon.stop())
  const handle = createDaemonRouting(daemon, { command, now })
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    void handle(request, response)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => server.closeAllConnections() ?? void server.close())
  await once(server, 'listening')
  return { home, daemon, asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe.skipIf(binary === undefined)('delegated routing with Kubo', () => {
  it('Kubo resolves our names by our router, and publishes to it those that we carry', async () => {
    const { home, url, asked } = await startOurs()
    const method = { RouterName: 'ours' }
    const kubo = await startKubo({
      Routing: {
        Type: 'custom',
        Routers: { ours: { Type: 'http', Parameters: { Endpoint: url } } },
        Methods: {
          'find-peers': method,
          'find-providers': method,
          'get-ipns': method,
          'put-ipns': method,
          provide: method,
        },
      },
    })
    const ipfs = (...args: string[]) => runAside(binary ?? '', args, { IPFS_PATH: kubo.path })
    const key = await home.lock({ command }).then(async (lock) => {
      const made = await home.keys.readOrCreate('weather')
      lock.release()
      return made
    })
    await publishName(home, { key: 'weather', cid: one, command, now: new Date() })
    expect((await ipfs('name', 'resolve', '--nocache', key.name)).trim()).toBe(`/ipfs/${one.toString()}`)
    expect(asked.some((request) => request.startsWith('GET /routing/v1/ipns/k51'))).toBe(true)

    // A key of Kubo's whose name we publish as well: Kubo's newer record is taken, by PUT.
    kubo.ipfs(['key', 'gen', '--type=ed25519', 'shared'])
    const file = join(temporaryFolder(), 'shared.key')
    kubo.ipfs(['key', 'export', '-o', file, 'shared'])
    const shared = decodeKey(readFileSync(file))
    await importKey(home, 'shared', shared, { command })
    await publishName(home, { key: 'shared', cid: one, command, now: new Date() })
    await ipfs('name', 'publish', '--key=shared', '--resolve=false', '--sequence=5', `/ipfs/${two.toString()}`)
    const names = openKnownNames(home.layout.names)
    for (let tries = 0; tries < 50 && (await names.record(shared.name))?.sequence !== 5n; tries++) await sleep(100)
    expect(await names.record(shared.name)).toMatchObject({ sequence: 5n, cid: two })
    // What we signed last is no longer the newest: we do not sign over it unseen.
    await expect(publishName(home, { key: 'shared', cid: one, command, now: new Date() })).rejects.toMatchObject({
      code: 'own-name-ahead',
    })
    // A name that we do not carry is not taken.
    await ipfs('name', 'publish', '--resolve=false', `/ipfs/${two.toString()}`).catch(() => undefined)
    const { ID: self } = JSON.parse(await ipfs('id')) as { ID: string }
    expect(await names.record(self)).toBeUndefined()
  })

  it('our client resolves names by Kubo’s router, and gives it ours', async () => {
    const kubo = await startKubo({
      'Gateway.ExposeRoutingAPI': true,
      'Routing.Type': 'dht',
      'Routing.LoopbackAddressesOnLanDHT': true,
    })
    // A DHT stores at others: one more node.
    const other = await startKubo({ 'Routing.Type': 'dht', 'Routing.LoopbackAddressesOnLanDHT': true })
    const ipfs = (...args: string[]) => runAside(binary ?? '', args, { IPFS_PATH: kubo.path })
    const { Addresses: addresses } = JSON.parse(other.ipfs(['id']).toString()) as { Addresses: string[] }
    await ipfs('swarm', 'connect', addresses.find((address) => address.includes('127.0.0.1')) ?? '')
    await ipfs('name', 'publish', '--resolve=false', `/ipfs/${one.toString()}`)
    const { ID: self } = JSON.parse(await ipfs('id')) as { ID: string }
    const router = createRouter(kubo.gatewayUrl)
    const names = openKnownNames(temporaryFolder())
    const found = await resolveName(self, [router], names, { now: new Date() })
    // Kubo publishes its own name when it starts.
    expect(found.record).toMatchObject({ cid: one, sequence: 1n })

    const home = openHome(join(temporaryFolder(), 'home'))
    const { protobuf, name } = await home.keys.readOrCreate('mine')
    expect(await router.resolveName(name)).toBeUndefined()
    const record = await createRecord({ privateKey: protobuf, cid: two, sequence: 3n, now: new Date() })
    await router.putRecord(name, record.bytes)
    expect((await ipfs('name', 'resolve', '--nocache', name)).trim()).toBe(`/ipfs/${two.toString()}`)
    expect((await resolveName(name, [router], names, { now: new Date() })).record.sequence).toBe(3n)
  })
})
