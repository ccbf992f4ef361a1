import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { connectControl, type ControlClient } from '../../src/http/control-client.ts'
import { runDaemon } from '../../src/http/run-daemon.ts'
import type { Daemon, DaemonOptions } from '../../src/node/daemon.ts'
import { readDaemonState } from '../../src/node/home/daemon-state.ts'
import { generateEd25519Key } from '../../src/node/home/ed25519-key.ts'
import { type Home, openHome } from '../../src/node/home/home.ts'
import { connectPeer } from '../../src/node/network/client-node.ts'
import { publishBranch } from '../../src/node/publish/publish.ts'
import { openRecord } from '../../src/sync/names/ipns-record.ts'
import { commitTo, temporaryDataset } from '../support/dataset.ts'
import { temporaryFolder } from '../support/repository.ts'
import { digestsIn, receiveInto, reachedBy, temporaryStore } from '../support/transfer.ts'

const command = 'jzfs daemon'
const temporaryHome = (): Home => openHome(join(temporaryFolder(), 'home'))
async function start(home: Home = temporaryHome(), more: Partial<DaemonOptions> = {}): Promise<Daemon> {
  const daemon = await runDaemon({ home, version: '0.1.0', command, now: () => new Date(), ...more })
  onTestFinished(() => daemon.stop())
  return daemon
}
async function control({ home }: Daemon): Promise<ControlClient> {
  const client = await connectControl(home)
  if (client === undefined) throw new TypeError('no daemon')
  return client
}
const addressOf = ({ state }: Daemon): string => state.addresses[0] ?? ''

describe('the daemon', () => {
  it('says who it is, on a socket of its user alone', async () => {
    const daemon = await start()
    const status = await (await control(daemon)).status()
    expect(status).toMatchObject({
      pid: process.pid,
      version: '0.1.0',
      peerId: daemon.node.peerId,
      profile: 'loopback',
    })
    expect(status).toMatchObject({ addresses: daemon.node.addresses(), names: [], problems: [], connections: 0 })
    expect(statSync(daemon.state.socket).mode & 0o777).toBe(0o600)
  })

  it('is one for each home: a second one is refused, with the pid of the first', async () => {
    const daemon = await start()
    await expect(start(daemon.home)).rejects.toMatchObject({ code: 'daemon-running', details: { pid: process.pid } })
    expect(await (await control(daemon)).status()).toBeDefined()
  })

  it('stops when it is asked to, and leaves nothing behind but its identity and port', async () => {
    const daemon = await start()
    await (await control(daemon)).stop()
    await daemon.stopped
    expect(existsSync(daemon.state.socket)).toBe(false)
    expect(await connectControl(daemon.home)).toBeUndefined()
    const again = await start(daemon.home)
    expect(again.state.addresses).toEqual(daemon.state.addresses)
  })

  it('takes another port where its last one is taken', async () => {
    const home = temporaryHome()
    const first = await start(home)
    await first.stop()
    const port = Number(/tcp\/(\d+)/.exec(addressOf(first))?.[1])
    const other = await start(temporaryHome(), { port })
    const second = await start(home)
    expect(second.node.peerId).toBe(first.node.peerId)
    expect(addressOf(second)).not.toBe(addressOf(first))
    expect(addressOf(other)).toContain(`/tcp/${port}/`)
  })

  it('is killed without harm: the next one takes its place, socket and datastore', async () => {
    const home = temporaryHome()
    const script = `
      const { openHome } = await import(${JSON.stringify(new URL('../../src/node/home/home.ts', import.meta.url))})
      const { runDaemon } = await import(${JSON.stringify(new URL('../../src/http/run-daemon.ts', import.meta.url))})
      const home = openHome(${JSON.stringify(home.layout.directory)})
      await runDaemon({ home, version: '0', command: 'x', now: () => new Date() })
      console.log('ready')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await expect(start(home)).rejects.toMatchObject({ code: 'daemon-running', details: { pid: child.pid } })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(existsSync(readDaemonState(home)?.socket ?? '')).toBe(true)
    expect(await connectControl(home)).toBeUndefined()
    const next = await start(home)
    expect(await (await control(next)).status()).toMatchObject({ pid: process.pid })
  })

  it('starts with a datastore that a crash spoiled', async () => {
    const home = temporaryHome()
    await (await start(home)).stop()
    writeFileSync(join(home.layout.datastore, 'CURRENT'), 'nonsense')
    expect(await (await control(await start(home))).status()).toBeDefined()
  })

  it('gives its lock back where it does not start', async () => {
    const home = temporaryHome()
    const options = { profile: 'public', confined: true, bootstrap: ['/ip4/192.0.2.1/tcp/4001'] } as const
    await expect(start(home, options)).rejects.toMatchObject({ code: 'address-outside-profile' })
    await start(home)
  })

  it('stops in spite of a stream that is open', async () => {
    const [daemon, other] = [await start(), await start()]
    const duplex = await (await control(other)).peer(addressOf(daemon)).openSync?.()
    await expect(daemon.stop()).resolves.toBeUndefined()
    duplex?.abort(new Error('test over'))
  })

  it('stops in spite of a stream that it carries, and its reader learns of it', async () => {
    const [daemon, carrier] = [await start(), await start()]
    const duplex = await (await control(carrier)).peer(addressOf(daemon)).openSync?.()
    const reading = Array.fromAsync(duplex?.source ?? []).catch(() => 'broken')
    await expect(carrier.stop()).resolves.toBeUndefined()
    expect(['broken', []]).toContainEqual(await reading)
  })
})

describe('the network through the daemon', () => {
  it('connects, lists and pings peers', async () => {
    const [one, two] = [await start(), await start()]
    const client = await control(one)
    expect(await client.peers()).toEqual([])
    expect(await client.connect(addressOf(two))).toMatchObject({ peerId: two.node.peerId, direction: 'outbound' })
    expect(await client.peers()).toMatchObject([{ peerId: two.node.peerId }])
    const pongs = await Array.fromAsync(client.ping(two.node.peerId, 3))
    expect(pongs.map(({ ms }) => ms > 0)).toEqual([true, true, true])
  })

  it('throws here what was thrown there', async () => {
    const client = await control(await start())
    await expect(client.connect('nonsense')).rejects.toMatchObject({ name: 'InvalidError', code: 'address-invalid' })
    await expect(Array.fromAsync(client.ping('12D3none', 1))).rejects.toMatchObject({ code: 'peer-not-connected' })
    await expect(client.peer('12D3none').openSync?.()).rejects.toMatchObject({ code: 'peer-not-connected' })
    await expect(client.connect('/ip4/127.0.0.1/tcp/1')).rejects.toMatchObject({
      family: 'unavailable',
      code: 'peer-unreachable',
      hint: expect.stringContaining('check'),
      details: { peer: '/ip4/127.0.0.1/tcp/1' },
    })
  })

  it('carries a whole clone between two homes, by name, and verified at its end', async () => {
    const [server, cloner] = [await start(), await start()]
    const repository = await temporaryDataset({ a: 'a', 'dir/b': Buffer.alloc(3_000_000, 'b'), c: { executable: 'c' } })
    const publication = await publishBranch(server.home, {
      repository,
      ref: 'refs/heads/main',
      command,
      now: new Date(),
    })
    const peer = (await control(cloner)).peer(addressOf(server))
    const record = await openRecord(publication.name, (await peer.resolveName(publication.name)) ?? new Uint8Array())
    const duplex = await peer.openSync?.()
    if (duplex === undefined) throw new TypeError('no stream')
    const store = await temporaryStore()
    await receiveInto(store, duplex, [record.cid])
    expect(await reachedBy(store, [record.cid])).toEqual(await reachedBy(repository.store, [publication.commit]))
    expect((await (await control(server)).status()).names).toContain(publication.name)
  })

  it('finds a name at the peers that are connected', async () => {
    const [server, asker] = [await start(), await start()]
    const repository = await temporaryDataset({ a: 'a' })
    const request = { repository, ref: 'refs/heads/main', command, now: new Date() }
    const { name, record } = await publishBranch(server.home, request)
    const client = await control(asker)
    expect(await Array.fromAsync(client.resolve(name))).toEqual([])
    await client.connect(addressOf(server))
    const found = await Array.fromAsync(client.resolve(name))
    expect(found).toEqual([{ peer: server.node.peerId, record: Buffer.from(record.bytes).toString('base64') }])
  })

  it('refuses what is not published to our own protocol, to Bitswap and to the record protocol', async () => {
    const server = await start()
    const repository = await temporaryDataset({ a: 'a' })
    await publishBranch(server.home, { repository, ref: 'refs/heads/main', command, now: new Date() })
    const secret = await commitTo(repository, { secret: 'secret' }, 'refs/heads/secret')
    const peer = await connectPeer(addressOf(server))
    onTestFinished(() => peer.close())
    const duplex = await peer.openSync?.()
    if (duplex === undefined) throw new TypeError('no stream')
    const store = await temporaryStore()
    await expect(receiveInto(store, duplex, [secret])).rejects.toMatchObject({ code: 'not-served' })
    expect(await digestsIn(store)).toEqual([])
    await expect(peer.fetchBlock?.(secret, { signal: AbortSignal.timeout(500) })).rejects.toThrow()
    expect(await peer.resolveName(generateEd25519Key().name)).toBeUndefined()
  })

  it('serves a head with a list of peers to these over our protocol, and to nobody over Bitswap', async () => {
    const [server, friend, stranger] = [await start(), await start(), await start()]
    const repository = await temporaryDataset({ a: 'a' })
    const audience = { peers: [friend.node.peerId] }
    const request = { repository, ref: 'refs/heads/main', command, now: new Date(), audience }
    const { commit } = await publishBranch(server.home, request)
    const fetch = async (daemon: Daemon): Promise<unknown> => {
      const duplex = await (await control(daemon)).peer(addressOf(server)).openSync?.()
      if (duplex === undefined) throw new TypeError('no stream')
      return receiveInto(await temporaryStore(), duplex, [commit])
    }
    await expect(fetch(friend)).resolves.toMatchObject({ blocks: 3 })
    await expect(fetch(stranger)).rejects.toMatchObject({ code: 'not-served' })
    const byBitswap = friend.node.peer(addressOf(server)).fetchBlock?.(commit, { signal: AbortSignal.timeout(500) })
    await expect(byBitswap).rejects.toThrow()
  })
})

describe('the control API', () => {
  const ask = (socketPath: string, path: string, body: string, method = 'POST') =>
    new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
      const sent = request({ socketPath, path, method }, (response) => {
        let text = ''
        response.on('data', (piece: Buffer) => (text += piece.toString()))
        response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) }))
      })
      sent.on('error', reject)
      sent.end(body)
    })

  it('answers what makes no sense with the status of its family', async () => {
    const { socket } = (await start()).state
    const expectError = async (path: string, body: string, status: number, code: string): Promise<void> => {
      expect(await ask(socket, path, body)).toMatchObject({ status, body: { error: { code } } })
    }
    await expectError('/v2/none', '', 404, 'route-unknown')
    await expectError('/v1/peers/connect', '{', 400, 'request-invalid')
    await expectError('/v1/peers/connect', '[]', 400, 'request-invalid')
    await expectError('/v1/peers/connect', '{"peer":7}', 400, 'request-invalid')
    await expectError('/v1/peers/ping', '{"peer":"/ip4/127.0.0.1/tcp/1","count":0}', 400, 'request-invalid')
    await expectError('/v1/peers/connect', `{"peer":"${'x'.repeat(2_000_000)}"}`, 400, 'request-too-large')
  })

  it('is reached without loading Helia, libp2p or SQLite', async () => {
    const { home } = await start()
    const script = `import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
      const { openHome } = await import(${JSON.stringify(new URL('../../src/node/home/home.ts', import.meta.url))})
      const { connectControl } = await import(${JSON.stringify(new URL('../../src/http/control-client.ts', import.meta.url))})
      const client = await connectControl(openHome(${JSON.stringify(home.layout.directory)}))
      console.log((await client.status()).pid, loaded.filter((url) => /helia|libp2p|node:sqlite/.test(url)).join())`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script])
    const output = (await Array.fromAsync(child.stdout)).join('')
    expect(output.trim()).toBe(String(process.pid))
  })

  it('keeps the state of the daemon where its user alone reads it', async () => {
    const { home, state } = await start()
    expect(JSON.parse(readFileSync(home.layout.daemonState, 'utf8'))).toEqual(state)
    expect(statSync(home.layout.daemonState).mode & 0o777).toBe(0o600)
  })
})
