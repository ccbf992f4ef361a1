import { join } from 'node:path'

import { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished, vi } from 'vitest'

import { connectControl } from '../../../../src/http/control-client.ts'
import { runDaemon } from '../../../../src/http/run-daemon.ts'
import { openHome } from '../../../../src/node/home/home.ts'
import { publishName } from '../../../../src/node/names/publish-name.ts'
import { openKnownNames } from '../../../../src/sync/names/known-names.ts'
import { resolveName } from '../../../../src/sync/names/resolve-name.ts'
import { createKuboRepository, findKubo } from '../../../support/kubo.ts'
import { temporaryFolder } from '../../../support/repository.ts'

const binary = findKubo()
const command = 'jzfs test'
const now = (): Date => new Date()
const one = CID.parse('bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
const two = CID.parse('bafkreidon73zkcrwdb5iafqtijxildoonbwnpv7dyd6ef3qdgads2jc4su')

/** A Kubo that holds what the DHT is told, on loopback; it knows nobody. */
async function startKubo() {
  const kubo = await createKuboRepository(binary ?? '', temporaryFolder())
  kubo.ipfs(['config', 'Routing.Type', 'dhtserver'])
  kubo.ipfs(['config', '--json', 'Bootstrap', '[]'])
  kubo.ipfs(['config', '--json', 'AutoConf.Enabled', 'false'])
  const daemon = await kubo.startDaemon()
  onTestFinished(() => daemon.stop())
  return { ...kubo, address: daemon.address }
}

/** A daemon of ours whose DHT begins with that Kubo. */
async function startOurs(bootstrap: string) {
  const home = openHome(join(temporaryFolder(), 'home'))
  const options = { profile: 'public', confined: true, bootstrap: [bootstrap] } as const
  const daemon = await runDaemon({ home, version: '0', command, now, ...options })
  onTestFinished(() => daemon.stop())
  return { home, daemon }
}

describe.skipIf(binary === undefined)('the DHT, with a Kubo that serves it', () => {
  it('carries names from us to Kubo, to another of ours, and from Kubo to us', { timeout: 120_000 }, async () => {
    const kubo = await startKubo()
    const [writer, reader] = [await startOurs(kubo.address), await startOurs(kubo.address)]
    for (const { daemon } of [writer, reader]) {
      for (const address of daemon.node.addresses()) expect(address).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\//)
    }

    const record = await publishName(writer.home, { key: 'self', cid: one, command, now: now() })
    await vi.waitFor(() => writer.daemon.node.dht?.putRecord(record.name, record.bytes), { timeout: 60_000 })
    expect(kubo.ipfs(['name', 'resolve', record.name]).toString().trim()).toBe(`/ipfs/${one.toString()}`)

    const control = await connectControl(reader.home)
    const names = openKnownNames(reader.home.layout.names)
    const ours = await resolveName(record.name, [control!.dht!], names, { now: now() })
    expect(ours.record.cid.toString()).toBe(one.toString())

    kubo.ipfs(['--timeout=20s', 'name', 'publish', '--resolve=false', '--allow-offline', `/ipfs/${two.toString()}`])
    const { ID: peerId } = JSON.parse(kubo.ipfs(['id']).toString()) as { ID: string }
    const theirs = await resolveName(peerId, [control!.dht!], names, { now: now() })
    expect(theirs.record.cid.toString()).toBe(two.toString())

    await writer.daemon.node.dht?.provide(one)
    const providers = kubo.ipfs(['routing', 'findprovs', '-n', '1', one.toString()]).toString()
    expect(providers.trim()).toBe(writer.daemon.node.peerId)
  })
})
