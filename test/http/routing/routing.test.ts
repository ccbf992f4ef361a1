import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { createRouter, RECORD_TYPE } from '../../../src/http/routing/router.ts'
import { createRoutingServer } from '../../../src/http/routing/routing-server.ts'
import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { createRecord, type IpnsRecord } from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import { resolveName } from '../../../src/sync/names/resolve-name.ts'
import { someCommit, temporaryFolder } from '../../support/repository.ts'

const NOW = new Date('2026-06-01T12:00:00Z')
const key = generateEd25519Key()
const stranger = generateEd25519Key()
const self = generateEd25519Key()
const [one, two] = [someCommit(1), someCommit(2)]

function signed(cid = one, sequence = 1n, { protobuf } = key, now = NOW): Promise<IpnsRecord> {
  return createRecord({ privateKey: protobuf, cid, sequence, now })
}

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  onTestFinished(() => server.closeAllConnections() ?? void server.close())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A router that carries the one name, and what it knows. */
async function startRouter() {
  const names = openKnownNames(temporaryFolder())
  const handle = createRoutingServer({
    record: async (name) => (name === key.name ? (await names.record(name))?.bytes : undefined),
    names,
    now: () => NOW,
    peerId: self.peerId,
    addresses: () => [`/ip4/127.0.0.1/tcp/4001/p2p/${self.peerId}`],
    mayServe: (cid) => cid.equals(one),
  })
  await names.accept(key.name, (await signed()).bytes, { now: NOW })
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!(await handle(request, response))) response.writeHead(418).end()
  }
  const url = await listen((request, response) => void answer(request, response))
  return { url, names }
}

it('a router of ours names no path of its machine', async () => {
  const directory = temporaryFolder()
  const names = openKnownNames(directory)
  const seen = async () => (await names.seen(key.name), undefined)
  const options = { names, now: () => NOW, peerId: self.peerId, addresses: () => [], mayServe: () => false }
  const handle = createRoutingServer({ ...options, record: seen })
  const url = await listen((request, response) => void handle(request, response))
  writeFileSync(join(directory, `${key.name}.seen`), 'spoiled')
  const answer = await get(url, `ipns/${key.name}`)
  expect([answer.status, await answer.text()]).toEqual([400, 'something went wrong here\n'])
})

const put = (url: string, name: string, body: Uint8Array, type = RECORD_TYPE): Promise<number> =>
  fetch(`${url}/routing/v1/ipns/${name}`, {
    method: 'PUT',
    headers: { 'content-type': type },
    body: Buffer.from(body),
  }).then(({ status }) => status)

const get = (url: string, path: string, headers: Record<string, string> = { accept: RECORD_TYPE }): Promise<Response> =>
  fetch(`${url}/routing/v1/${path}`, { headers })

describe('a router of ours', () => {
  it('gives the record of a name that it carries, as the specification says', async () => {
    const { url } = await startRouter()
    const response = await get(url, `ipns/${key.name}`)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': RECORD_TYPE,
      'cache-control': 'public, max-age=60',
      'access-control-allow-origin': '*',
      expires: 'Mon, 08 Jun 2026 12:00:00 GMT',
    })
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from((await signed()).bytes))
    const etag = response.headers.get('etag') ?? ''
    const again = { accept: RECORD_TYPE, 'if-none-match': etag }
    expect((await get(url, `ipns/${key.peerId}`, again)).status).toBe(304)
  })

  it.each([
    ['a name that it does not carry', `ipns/${stranger.name}`, RECORD_TYPE, 404],
    ['no name', 'ipns/nobody', RECORD_TYPE, 400],
    ['another type', `ipns/${key.name}`, 'text/html', 406],
    ['a path that is not there', 'dht/x', RECORD_TYPE, 400],
    ['no CID', 'providers/x', '*/*', 422],
    ['a CID that is not served', `providers/${two.toString()}`, '*/*', 404],
    ['another peer', `peers/${stranger.peerId}`, '*/*', 404],
  ])('answers for %s', async (_what, path, accept, status) => {
    const { url } = await startRouter()
    expect((await get(url, path, { accept })).status).toBe(status)
  })

  it('answers for itself as a peer and as a provider, in a document or in lines', async () => {
    const { url } = await startRouter()
    const peer = {
      Schema: 'peer',
      ID: self.peerId,
      Addrs: ['/ip4/127.0.0.1/tcp/4001'],
      Protocols: ['transport-bitswap'],
    }
    const json = async (path: string): Promise<unknown> => (await get(url, path, {})).json()
    expect(await json(`providers/${one.toString()}`)).toEqual({ Providers: [peer] })
    expect(await json(`peers/${self.name}`)).toEqual({ Peers: [peer] })
    const lines = await get(url, `peers/${self.peerId}`, { accept: 'application/x-ndjson' })
    expect(await lines.text()).toBe(`${JSON.stringify(peer)}\n`)
  })

  it('takes newer records of that name alone, and nothing that takes it back', async () => {
    const { url, names } = await startRouter()
    expect(await put(url, key.name, (await signed(two, 2n)).bytes)).toBe(200)
    expect((await names.record(key.name))?.sequence).toBe(2n)
    expect(await put(url, key.name, (await signed(two, 2n)).bytes)).toBe(200)
    expect(await put(url, key.name, (await signed(one, 1n)).bytes)).toBe(409)
    expect(await put(url, key.name, (await signed(one, 2n)).bytes)).toBe(409)
    expect(await put(url, key.name, (await signed(one, 3n, stranger)).bytes)).toBe(400)
    expect(await put(url, key.name, (await signed(one, 3n, key, new Date(0))).bytes)).toBe(400)
    expect(await put(url, stranger.name, (await signed(one, 3n, stranger)).bytes)).toBe(403)
    expect(await put(url, key.name, (await signed(one, 3n)).bytes, 'text/plain')).toBe(406)
    expect(await put(url, key.name, Buffer.alloc(20_000))).toBe(400)
    expect(await put(url, key.name, Buffer.alloc(0))).toBe(400)
    expect(await put(url, 'nobody', Buffer.alloc(0))).toBe(400)
    expect((await names.record(key.name))?.sequence).toBe(2n)
    // The other side of the fork is evidence.
    expect((await names.forks(key.name)).map(({ record }) => record.cid.toString())).toEqual([
      two.toString(),
      one.toString(),
    ])
  })

  it('leaves what is not its own to others', async () => {
    const { url } = await startRouter()
    for (const path of ['/other', '//', '/routing/v2/ipns/x', '/?/routing/v1/ipns/x']) {
      expect((await fetch(`${url}${path}`)).status).toBe(418)
    }
    expect((await fetch(`${url}/routing/v1/ipns/${key.name}`, { method: 'DELETE' })).status).toBe(501)
    expect((await fetch(`${url}/routing/v1/ipns/${key.name}`, { method: 'OPTIONS' })).status).toBe(204)
  })
})

describe('asking a router', () => {
  it('resolves names by it, and gives it new records', async () => {
    const { url, names: theirs } = await startRouter()
    const router = createRouter(`${url}/routing/v1/`)
    const found = await resolveName(key.name, [router], openKnownNames(temporaryFolder()), { now: NOW })
    expect(found).toMatchObject({ record: { sequence: 1n }, peer: { label: url } })
    await router.putRecord(key.name, (await signed(two, 2n)).bytes)
    expect((await theirs.record(key.name))?.sequence).toBe(2n)
    expect(await router.resolveName(stranger.name)).toBeUndefined()
    await expect(router.putRecord(stranger.name, (await signed(one, 1n, stranger)).bytes)).rejects.toMatchObject({
      code: 'router-refused',
      details: { peer: url, status: 403 },
    })
  })

  it.each<[string, RequestListener, string | undefined]>([
    ['fails', (_request, response) => void response.writeHead(500).end(), 'router-refused'],
    [
      'leads elsewhere',
      (_request, response) => void response.writeHead(302, { location: '/' }).end(),
      'router-unreachable',
    ],
    ['hangs up', (request) => void request.socket.destroy(), 'router-unreachable'],
    ['says by 200 that there is none', (_request, response) => void response.end('not found'), undefined],
    [
      'sends without end',
      (_request, response) => void response.writeHead(200, { 'content-type': RECORD_TYPE }).end(Buffer.alloc(1e6)),
      'router-refused',
    ],
  ])('comes to an end where it %s', async (_what, handler, code) => {
    const asked = createRouter(await listen(handler)).resolveName(key.name)
    if (code === undefined) expect(await asked).toBeUndefined()
    else await expect(asked).rejects.toMatchObject({ code, family: 'unavailable' })
  })

  it('goes on without one that lies', async () => {
    const { url } = await startRouter()
    const forged = (await signed(two, 9n, stranger)).bytes
    const liar = await listen(
      (_request, response) => void response.writeHead(200, { 'content-type': RECORD_TYPE }).end(forged),
    )
    const found = await resolveName(
      key.name,
      [createRouter(liar), createRouter(url)],
      openKnownNames(temporaryFolder()),
      {
        now: NOW,
      },
    )
    expect(found).toMatchObject({
      record: { sequence: 1n },
      refused: [{ code: 'record-forged', details: { peer: liar } }],
    })
  })

  it.each(['ftp://127.0.0.1', 'nothing', 'http://user@127.0.0.1', 'http://127.0.0.1/?a=b'])(
    'is not done at %s',
    (url) => expect(() => createRouter(url)).toThrow(expect.objectContaining({ code: 'router-url-invalid' })),
  )

  it('stays within the network profile', () => {
    expect(() => createRouter('https://example.org')).toThrow(
      expect.objectContaining({ code: 'address-outside-profile' }),
    )
    expect(createRouter('https://example.org/sub/', { profile: 'public' }).label).toBe('https://example.org/sub')
  })
})
