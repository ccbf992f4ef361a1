import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { CID } from 'multiformats/cid'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'

import { runDaemon } from '../../../src/http/run-daemon.ts'
import type { Daemon } from '../../../src/node/daemon.ts'
import { describePins } from '../../../src/node/pins/describe-pins.ts'
import { keepPin } from '../../../src/node/pins/update-pin.ts'
import { publishRefs } from '../../../src/node/publish/publish.ts'
import { parseIpnsName } from '../../../src/sync/names/ipns-name.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { createKuboRepository, findKubo, type KuboDaemon, type KuboRepository } from '../../support/kubo.ts'
import { ANN } from '../../support/repository.ts'
import { runAside } from '../../support/run-aside.ts'
import { temporaryHome } from '../pins/followed-pin.ts'

const command = 'jzfs test'
const binary = findKubo()
/** Only what is brought unasked comes in time. */
const followIntervalMs = 3_600_000

async function startDaemon(): Promise<Daemon> {
  const daemon = await runDaemon({
    home: temporaryHome(),
    version: '0',
    command,
    now: () => new Date(),
    followIntervalMs,
  })
  onTestFinished(() => daemon.stop())
  return daemon
}

async function follow(daemon: Daemon, name: string, address: string): Promise<CID> {
  const peers = [daemon.node.peer(address)]
  const kept = { source: { name }, follows: true, peers, addresses: [address], command, person: ANN, now: new Date() }
  return (await keepPin(daemon.home, kept)).cid
}

async function pinOf({ home }: Daemon): Promise<CID | undefined> {
  return (await describePins(home, { command }))[0]?.cid
}

async function publisher() {
  const daemon = await startDaemon()
  const repository = await temporaryDataset({ a: 'a' })
  const refs = ['refs/heads/main']
  const publish = () => publishRefs(daemon.home, { repository, refs, command, now: new Date() })
  const { registered } = await publish()
  return {
    daemon,
    name: registered.manifest?.name ?? '',
    async goOn(file: string): Promise<CID> {
      await commitTo(repository, { a: 'a', [file]: file })
      return (await publish()).record.cid
    },
  }
}

describe('daemons that follow', () => {
  it('are brought what is new, also over each other', async () => {
    const { daemon, name, goOn } = await publisher()
    const [near, far] = [await startDaemon(), await startDaemon()]
    await follow(near, name, daemon.state.addresses[0] ?? '')
    await follow(far, name, near.state.addresses[0] ?? '')
    for (const file of ['b', 'c']) {
      const cid = await goOn(file)
      await vi.waitFor(
        async () => {
          expect((await pinOf(near))?.toString()).toBe(cid.toString())
          expect((await pinOf(far))?.toString()).toBe(cid.toString())
        },
        { timeout: 30_000, interval: 100 },
      )
    }
  })
})

describe.skipIf(binary === undefined)('following with a Kubo beside it', () => {
  let folder: string
  let kubo: KuboRepository
  let kuboDaemon: KuboDaemon
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jzfs-kubo-'))
    kubo = await createKuboRepository(binary ?? '', folder)
    kubo.ipfs(['config', '--json', 'Ipns.UsePubsub', 'true'])
    // No DHT: a record has no other way than ours.
    kubo.ipfs(['config', 'Routing.Type', 'none'])
    kuboDaemon = await kubo.startDaemon()
  })
  afterAll(async () => {
    await kuboDaemon.stop()
    rmSync(folder, { recursive: true })
  })
  const ipfs = (...args: string[]): Promise<string> => runAside(binary ?? '', args, { IPFS_PATH: kubo.path })
  const addText = async (text: string): Promise<string> => {
    writeFileSync(join(folder, 'text'), text)
    return (await ipfs('add', '--quieter', '--cid-version=1', join(folder, 'text'))).trim()
  }

  it('brings what Kubo publishes', async () => {
    const daemon = await startDaemon()
    const id = (await ipfs('key', 'gen', 'followed')).trim()
    const publish = (cid: string) => ipfs('name', 'publish', '--key=followed', '--ttl=1s', `/ipfs/${cid}`)
    const [one, two] = [await addText('one'), await addText('two')]
    await publish(one)
    const first = await follow(daemon, parseIpnsName(id), kuboDaemon.address)
    expect(first.toV1().toString()).toBe(CID.parse(one).toV1().toString())
    await vi.waitFor(
      async () => {
        await publish(two)
        expect((await pinOf(daemon))?.toV1().toString()).toBe(CID.parse(two).toV1().toString())
      },
      { timeout: 30_000, interval: 1000 },
    )
  })

  it('brings Kubo what we publish', async () => {
    const { daemon, name, goOn } = await publisher()
    await ipfs('swarm', 'connect', daemon.state.addresses[0] ?? '')
    const resolve = async (): Promise<string> =>
      (await ipfs('name', 'resolve', '--nocache', '--timeout=5s', `/ipns/${name}`)).trim()
    const before = await vi.waitFor(resolve, { timeout: 30_000, interval: 500 })
    const cid = await goOn('b')
    expect(before).not.toBe(`/ipfs/${cid.toString()}`)
    await vi.waitFor(async () => expect(await resolve()).toBe(`/ipfs/${cid.toString()}`), {
      timeout: 30_000,
      interval: 500,
    })
  })
})
