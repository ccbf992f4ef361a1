import { setTimeout as sleep } from 'node:timers/promises'

import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { createDuplexPair } from '../../../src/sync/memory-duplex.ts'
import { withLength } from '../../../src/sync/protocol/length-prefix.ts'
import { encodeRequest } from '../../../src/sync/protocol/messages/sync-message.ts'
import type { Offer } from '../../../src/sync/protocol/offer.ts'
import { serveSync, type ServeSyncOptions } from '../../../src/sync/protocol/serve-sync.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { offerAll } from '../../support/offer.ts'
import { commitTree } from '../../support/transfer.ts'

const blocks = new MemoryBlocks()
const head = commitTree(
  blocks,
  Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`${at}`, Buffer.alloc(1 << 20, at)])),
)

function serve(request: Uint8Array, options: Partial<Offer & ServeSyncOptions> = {}, ends = true) {
  const [here, there] = createDuplexPair()
  const serving = serveSync(there, { ...offerAll(blocks), ...options }, { label: 'client', ...options })
  serving.catch(() => undefined)
  const sent = here.send(request).then(() => (ends ? here.closeWrite() : undefined))
  return { here, serving, sent }
}

const request = (wants: CID[]): Uint8Array => encodeRequest({ wants, haves: [], resume: 0 })

describe('serving', () => {
  it('reads no further ahead than it must while the peer does not take anything', async () => {
    blocks.reads = 0
    const { here, serving } = serve(request([head]))
    await sleep(50)
    // The commit and the directory, 8 MiB ahead, and what the stream holds.
    expect(blocks.reads).toBeLessThan(20)
    for await (const _piece of here.source);
    expect((await serving).blocks).toBe(62)
  })

  it('gives up on a peer that takes nothing', async () => {
    const { serving } = serve(request([head]), { idleTimeoutMs: 30 })
    await expect(serving).rejects.toMatchObject({ code: 'peer-too-slow', details: { peer: 'client' } })
  })

  it('gives up on a peer that asks nothing', async () => {
    const [, there] = createDuplexPair()
    const options = { label: 'client', idleTimeoutMs: 30 }
    await expect(serveSync(there, offerAll(blocks), options)).rejects.toMatchObject({ code: 'peer-too-slow' })
  })

  it('refuses a request that takes far more memory than it has bytes', async () => {
    const many = JSON.stringify(Array.from({ length: 65_536 }, () => ({})))
    const text = `{"haves":[],"resume":0,"type":"jzfs/sync-request/1","wants":[{"/":"${head.toString()}"}],"x":${many}}`
    const { serving } = serve(withLength(Buffer.from(text)))
    await expect(serving).rejects.toMatchObject({ code: 'peer-sent-malformed' })
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    const { serving } = serve(request([head]), { signal: stop.signal })
    await sleep(5)
    stop.abort(new Error('shutting down'))
    await expect(serving).rejects.toThrow('shutting down')
  })

  it('breaks the stream where a block is missing here', async () => {
    const gone = { get: (cid: CID) => (cid.equals(head) ? blocks.get(cid) : Promise.reject(new Error('missing'))) }
    const { here, serving } = serve(request([head]), { source: gone })
    await expect(Array.fromAsync(here.source)).rejects.toThrow()
    await expect(serving).rejects.toThrow('missing')
  })

  const text = (fields: object): Uint8Array =>
    withLength(Buffer.from(JSON.stringify({ haves: [], resume: 0, type: 'jzfs/sync-request/1', wants: [], ...fields })))
  const link = { '/': head.toString() }
  it.each([
    ['no wants', text({})],
    ['too many wants', text({ wants: Array.from({ length: 4097 }, () => link) })],
    ['too many haves', text({ wants: [link], haves: Array.from({ length: 4097 }, () => link) })],
    ['wants that are no links', text({ wants: ['x'] })],
    ['a CID of another hash', text({ wants: [{ '/': 'bafkqabtimvwgy3yk' }] })],
    ['a negative resume', text({ wants: [link], resume: -1 })],
    ['another version', text({ wants: [link], type: 'jzfs/sync-request/2' })],
    ['no JSON', withLength(Buffer.from('{'))],
    ['no map', withLength(Buffer.from('null'))],
    ['a length without end', Buffer.from('ffffffffff', 'hex')],
  ])('refuses a request with %s', async (_what, bytes) => {
    const { here, serving } = serve(bytes)
    const [answer] = await Array.fromAsync(here.source)
    expect(Buffer.from(answer!).toString()).toContain('"code":"request-invalid"')
    await expect(serving).rejects.toMatchObject({ code: 'peer-sent-malformed', details: { peer: 'client' } })
  })

  it('refuses to go on after more blocks than there are, where it knows how many', async () => {
    const go = (resume: number, countBlocks?: () => number | undefined) =>
      serve(encodeRequest({ wants: [head], haves: [], resume }), { countBlocks })
    blocks.reads = 0
    const { here, serving } = go(Number.MAX_SAFE_INTEGER, () => 62)
    const [answer] = await Array.fromAsync(here.source)
    expect(Buffer.from(answer!).toString()).toContain('"code":"request-invalid"')
    expect([(await serving).refused, blocks.reads]).toEqual(['request-invalid', 0])
    for (const { here: asker, serving: served } of [go(62, () => 62), go(62), go(1000, () => undefined)]) {
      for await (const _piece of asker.source);
      expect(await served).toMatchObject({ refused: undefined, blocks: 0 })
    }
  })

  it('waits for no more of what it refused than a moment, and no more than a mebibyte', async () => {
    const refused = request([head])
    const dripping = serve(refused, { mayServe: () => false, idleTimeoutMs: 60 }, false)
    const drip = setInterval(() => void dripping.here.send(new Uint8Array(1)).catch(() => undefined), 10)
    expect(await dripping.serving).toMatchObject({ refused: 'not-served' })
    clearInterval(drip)
    const flooding = serve(refused, { mayServe: () => false }, false)
    let sent = 0
    const flood = (async () => {
      for (; sent < 64; sent++) await flooding.here.send(new Uint8Array(65_536))
    })()
    expect(await flooding.serving).toMatchObject({ refused: 'not-served' })
    // 16 pieces were read, and a few wait in the stream.
    expect(sent).toBeLessThan(24)
    flooding.here.abort(new Error('the test is over'))
    await expect(flood).rejects.toThrow('the test is over')
  })

  it('is not asked about by a request that is cut short', async () => {
    const { serving } = serve(request([head]).subarray(0, 20), { mayServe: () => expect.unreachable() })
    await expect(serving).rejects.toMatchObject({ code: 'peer-closed-early' })
  })
})
