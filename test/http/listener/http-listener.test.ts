import { hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished } from 'vitest'

import { authorizationOf, CHALLENGE_HEADER, SYNC_TYPE } from '../../../src/http/asker-signature.ts'
import { startHttpListener } from '../../../src/http/listener/http-listener.ts'
import { createHttpPeer, type HttpPeerOptions } from '../../../src/http/peer/http-peer.ts'
import { runDaemon } from '../../../src/http/run-daemon.ts'
import type { Daemon } from '../../../src/node/daemon.ts'
import { type Ed25519Key, generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { openHome } from '../../../src/node/home/home.ts'
import { publishRefs } from '../../../src/node/publish/publish.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { fetchFromPeers } from '../../../src/sync/clone/fetch-from-peers.ts'
import { askKnown, listRefs } from '../../../src/sync/protocol/ask-peer.ts'
import { encodeRefsRequest } from '../../../src/sync/protocol/messages/refs-message.ts'
import { pushTo } from '../../../src/sync/push/push-to.ts'
import { commitTo, temporaryDataset } from '../../support/dataset.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { temporaryFolder } from '../../support/repository.ts'
import { commitTree, digestsIn, reachedBy, temporaryStore } from '../../support/transfer.ts'

const command = 'jzfs daemon'
const writer = generateEd25519Key()
const stranger = generateEd25519Key()
const blocks = new MemoryBlocks()

/** A daemon that listens for HTTP, with one published repository called `data` to which `writer` may push. */
async function startData(leaves: Record<string, string> = { a: 'one', 'dir/b': 'two' }) {
  const home = openHome(join(temporaryFolder(), 'home'))
  const repository = await temporaryDataset(leaves)
  const now = new Date()
  const { registered } = await publishRefs(home, {
    repository,
    refs: ['refs/heads/main'],
    writers: () => [writer.peerId],
    publishesPushed: 'public',
    command,
    now,
  })
  const daemon = await runDaemon({ home, version: '0', command, now: () => new Date(), httpPort: 0 })
  onTestFinished(() => daemon.stop())
  const url = `${daemon.state.http}/${registered.name}`
  const peer = (options: HttpPeerOptions = {}) => {
    const made = createHttpPeer(url, options)
    onTestFinished(() => made.close())
    return made
  }
  return { daemon, repository, url, peer, name: registered.name, head: (await main(repository))! }
}

const main = (repository: Repository): Promise<CID | undefined> => repository.refs.read('refs/heads/main')

describe('a node over HTTP', () => {
  it('lists refs, gives blocks and records, and knows what it has', async () => {
    const { peer, head, repository, name } = await startData()
    const remote = peer()
    const listed = await listRefs(remote, {})
    expect(listed).toMatchObject({ repository: name, writable: false, heads: [] })
    expect(Buffer.compare((await remote.resolveName(listed.name!))!, listed.record!)).toBe(0)
    const store = await temporaryStore()
    const fetched = await fetchFromPeers({ wants: [head], peers: [remote], store })
    expect(fetched).toMatchObject({ peer: remote.label, failures: [] })
    expect(await digestsIn(store)).toHaveLength((await reachedBy(repository.store, [head])).size)
    const unknown = commitTree(blocks, { x: 'nobody has it' })
    expect((await askKnown(remote, [unknown, head])).map(String)).toEqual([head.toString()])
    await expect(fetchFromPeers({ wants: [unknown], peers: [remote], store })).rejects.toMatchObject({
      code: 'not-served',
    })
    await expect(listRefs(remote, { repository: 'another' })).rejects.toMatchObject({ code: 'repository-unknown' })
  })

  it('takes pushes of who has signed and may, one after the other, and from nobody else', async () => {
    const { peer, head, repository } = await startData()
    const next = commitTree(blocks, { a: 'one', c: 'three' }, [head])
    const updates = [{ name: 'refs/heads/next', before: undefined, after: next }]
    // The pusher has what it builds upon.
    const source = { get: (cid: CID) => blocks.get(cid).catch(() => repository.store.get(cid)) }
    const push = (key?: Ed25519Key) => pushTo(peer({ key }), { updates, haves: [head], source })
    await expect(push()).rejects.toMatchObject({ code: 'push-forbidden' })
    await expect(push(stranger)).rejects.toMatchObject({ code: 'push-forbidden' })
    expect(await push(writer)).toMatchObject({ blocks: 3 })
    expect((await repository.refs.read('refs/heads/next'))?.equals(next)).toBe(true)
    await expect(push(writer)).rejects.toMatchObject({ code: 'ref-changed', details: { ref: 'refs/heads/next' } })
    // What was pushed is served at once.
    const store = await temporaryStore()
    await fetchFromPeers({ wants: [next], peers: [peer()], store })
    expect((await listRefs(peer({ key: writer }), {})).writable).toBe(true)
  })

  it('serves to nobody what is not published', async () => {
    const { peer, repository } = await startData()
    const secret = await commitTo(repository, { secret: 'of nobody' }, 'refs/heads/secret')
    const store = await temporaryStore()
    for (const cid of (await reachedBy(repository.store, [secret])).values()) {
      const { CID: Parser } = await import('multiformats/cid')
      const wants = [Parser.parse(cid)]
      await expect(
        fetchFromPeers({ wants, wanted: 'any', peers: [peer({ key: writer })], store }),
      ).rejects.toMatchObject({ code: 'not-served' })
    }
    expect(await askKnown(peer({ key: writer }), [secret])).toEqual([])
  })

  it('says what else it is asked for: health, measures, and nothing more', async () => {
    const { daemon } = await startData()
    expect((await fetch(`${daemon.state.http}/health/live`)).status).toBe(200)
    expect(await (await fetch(`${daemon.state.http}/metrics`)).text()).toContain('jzfs_')
    const forwarded = await fetch(`${daemon.state.http}/metrics`, { headers: { 'X-Forwarded-For': '192.0.2.7' } })
    expect([forwarded.status, await forwarded.text()]).toEqual([404, expect.stringContaining('metrics-refused')])
    const unknown = await fetch(`${daemon.state.http}/no/such/thing`)
    expect([unknown.status, ((await unknown.json()) as { error: { code: string } }).error.code]).toEqual([
      404,
      'route-unknown',
    ])
    expect((await fetch(`${daemon.state.http}/data/sync`)).status).toBe(400)
    writeFileSync(daemon.home.layout.repositories, 'spoiled')
    for (const path of ['health', 'metrics', `routing/v1/ipns/${writer.name}`]) {
      const answer = await fetch(`${daemon.state.http}/${path}`)
      const said = await answer.text()
      expect([path, answer.ok, said.includes(daemon.home.layout.directory)]).toEqual([path, false, false])
    }
    const headers = { 'content-type': SYNC_TYPE, origin: 'http://data.example' }
    const body = Buffer.from(encodeRefsRequest({}))
    const page = await fetch(`${daemon.state.http}/sync`, { method: 'POST', headers, body })
    expect([page.status, await page.text()]).toEqual([400, expect.stringContaining('origin-refused')])
  })
})

it('an exchange is told when its asker hangs up, and not when it is answered', async () => {
  const { daemon } = await startData()
  const signals: (AbortSignal | undefined)[] = []
  let hold = async (): Promise<void> => undefined
  const exchange: Daemon['exchange'] = async (duplex, { signal }) => {
    signals.push(signal)
    await hold()
    await duplex.closeWrite()
  }
  const listener = await startHttpListener({ ...daemon, exchange }, { port: 0 })
  onTestFinished(() => listener.close())
  const ask = (signal?: AbortSignal) =>
    fetch(`${listener.url}/sync`, {
      method: 'POST',
      headers: { 'content-type': SYNC_TYPE },
      body: Buffer.from(encodeRefsRequest({})),
      signal: signal ?? null,
    })
  await (await ask()).bytes()
  const asker = new AbortController()
  const { promise: hungUp, resolve } = Promise.withResolvers<void>()
  hold = async () => {
    signals[1]?.addEventListener('abort', () => resolve())
    asker.abort()
    await hungUp
  }
  await expect(ask(asker.signal)).rejects.toThrow()
  await hungUp
  expect(signals.map((signal) => signal?.aborted)).toEqual([false, true])
})

describe('a signed request', () => {
  const frame = encodeRefsRequest({})

  async function prepare() {
    const { daemon, url, name } = await startData()
    const given = await fetch(`${daemon.state.http}/challenge`)
    const { challenge, peerId } = (await given.json()) as { challenge: string; peerId: string }
    const { host: authority } = new URL(url)
    const request = { method: 'POST', path: `/${name}/sync`, authority, server: peerId, challenge, frame }
    const send = (authorization: string, body: Uint8Array = frame) =>
      fetch(`${url}/sync`, {
        method: 'POST',
        headers: { authorization, 'content-type': SYNC_TYPE },
        body: Buffer.from(body),
      })
    return { request, send }
  }

  it('is answered once, with the next challenge', async () => {
    const { request, send } = await prepare()
    const authorization = authorizationOf(writer, request)
    const answer = await send(authorization)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('"writable":true')
    const challenge = answer.headers.get(CHALLENGE_HEADER)!
    expect((await send(authorization)).status).toBe(422)
    expect((await send(authorizationOf(writer, { ...request, challenge }))).status).toBe(200)
  })

  it('is refused where any of what it signs is another', async () => {
    const { request, send } = await prepare()
    const good = authorizationOf(writer, request)
    const forged = [
      authorizationOf(writer, { ...request, path: '/other/sync' }),
      authorizationOf(writer, { ...request, method: 'GET' }),
      authorizationOf(writer, { ...request, server: stranger.peerId }),
      authorizationOf(writer, { ...request, authority: 'data.example.org' }),
      authorizationOf(writer, { ...request, frame: encodeRefsRequest({ repository: 'x' }) }),
      authorizationOf({ ...stranger, peerId: writer.peerId }, request),
      authorizationOf(writer, { ...request, challenge: hash('sha256', 'made up', 'base64url') }),
      good.replace(writer.peerId, stranger.peerId),
      good.replace(/signature=".{4}/, 'signature="AAAA'),
      'Bearer of nothing',
    ]
    for (const authorization of forged) {
      const answer = await send(authorization)
      const { error } = (await answer.json()) as { error: { code: string } }
      expect([answer.status, error.code]).toEqual([422, 'signature-refused'])
    }
    expect((await send(good, encodeRefsRequest({ repository: 'x' }))).status).toBe(422)
    // None of these used up the challenge.
    expect((await send(good)).status).toBe(200)
  })

  it('is not needed by who asks as everybody; what is no request is refused', async () => {
    const { send } = await prepare()
    const answer = await send('', frame)
    expect(answer.status).toBe(422)
    expect((await send('x', Buffer.from('ffffffffff', 'hex'))).status).toBe(400)
  })
})

describe('an HTTP peer', () => {
  it.each([
    ['ftp://127.0.0.1/x', 'url-invalid'],
    ['http://127.0.0.1/a/b', 'url-invalid'],
    ['http://127.0.0.1/%zz', 'url-invalid'],
    ['http://example.org/data', 'address-outside-profile'],
  ])('is none at %s', (url, code) => {
    expect(() => createHttpPeer(url)).toThrow(expect.objectContaining({ code }))
  })

  it('is named where nobody answers', async () => {
    const peer = createHttpPeer('http://127.0.0.1:1/data')
    await expect(listRefs(peer, {})).rejects.toMatchObject({ code: 'peer-unreachable', details: { peer: peer.label } })
  })
})
