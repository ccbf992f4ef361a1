import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import type { BlockSource } from '../../src/model/block.ts'
import { cidOf, DAG_JSON } from '../../src/model/cid.ts'
import { encodeCommit } from '../../src/model/commit/commit.ts'
import { type AskedBy, createExchanges } from '../../src/node/exchanges.ts'
import { createActivity } from '../../src/node/metrics/activity.ts'
import { DEFAULT_PEER_LIMITS, type PeerLimits } from '../../src/node/network/peer-limits.ts'
import { SILENT_LOG } from '../../src/sync/log.ts'
import { createDuplexPair } from '../../src/sync/memory-duplex.ts'
import { encodeRequest } from '../../src/sync/protocol/messages/sync-message.ts'
import type { Offer } from '../../src/sync/protocol/offer.ts'
import { honestPush } from '../support/hostile-pusher.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { buildTree } from '../support/memory-tree.ts'
import { offerAll } from '../support/offer.ts'
import { offerRepository } from '../support/push.ts'
import { ANN, temporaryRepository } from '../support/repository.ts'
import { commitTree } from '../support/transfer.ts'

const blocks = new MemoryBlocks()
const head = commitTree(blocks, { a: 'one', 'dir/b': 'two' })
const tree = buildTree(blocks, { a: 'one' })
const by: AskedBy = { asker: { peerId: 'peer X' }, label: 'peer X', carrier: 'libp2p' }

/** Exchanges of one offer, with what they log. */
function exchangesOf(offer: Offer, limits: Partial<PeerLimits> = {}) {
  const said: unknown[] = []
  const log = { ...SILENT_LOG, warn: (fields: unknown) => void said.push(fields) }
  return { said, serve: createExchanges({ ...DEFAULT_PEER_LIMITS, ...limits }, createActivity(log), () => offer) }
}

async function push(after: CID, limits: Partial<PeerLimits>): Promise<{ answer: string; said: unknown[] }> {
  const { serve, said } = exchangesOf(offerRepository(await temporaryRepository({ bare: true })), limits)
  const { start, sections } = await honestPush(blocks, { name: 'refs/heads/main', before: undefined, after })
  const [here, there] = createDuplexPair()
  const serving = serve(there, by)
  const answering = Array.fromAsync(here.source)
  for (const piece of [start, ...sections]) await here.send(piece)
  await here.closeWrite()
  await serving
  return { answer: Buffer.concat(await answering).toString(), said }
}

const skipAll = encodeRequest({ wants: [head], haves: [], resume: Number.MAX_SAFE_INTEGER })

/** Commits that each name one more: whoever walks them comes to no end. All of it is at hand at once. */
function endlessHistory(): BlockSource {
  let commits = 0
  const get = async (cid: CID): Promise<Uint8Array> => {
    if (cid.code !== DAG_JSON) return blocks.get(cid)
    const parents = [cidOf(DAG_JSON, Buffer.from(`${commits++}`))]
    return encodeCommit({ tree, parents, author: ANN, committer: ANN, message: '' }).bytes
  }
  return { get }
}

describe('what one exchange may take of a node', () => {
  it('a push brings no more bytes than it may, whatever carries it', async () => {
    const { answer, said } = await push(head, { maxPushBytes: 100 })
    expect(answer).toContain('transfer-too-large')
    expect(said).toMatchObject([{ peer: 'peer X', code: 'transfer-too-large' }])
    expect((await push(head, {})).answer).not.toContain('transfer-too-large')
    expect(DEFAULT_PEER_LIMITS.maxPushBytes).toBe(100 * 2 ** 30)
  })

  it('a walk that sends nothing ends when the asker hangs up', async () => {
    const { serve, said } = exchangesOf(offerAll(endlessHistory()))
    const hungUp = new AbortController()
    const [here, there] = createDuplexPair()
    const serving = serve(there, { ...by, signal: hungUp.signal })
    await here.send(skipAll)
    setTimeout(() => hungUp.abort(), 20)
    await serving
    expect(said).toMatchObject([{ code: 'peer-closed-early' }])
  })

  it('a walk that sends nothing ends when its time is over', async () => {
    const { serve, said } = exchangesOf(offerAll(endlessHistory()), { maxExchangeMs: 20 })
    const [here, there] = createDuplexPair()
    await here.send(skipAll)
    await serve(there, by)
    expect(said).toMatchObject([{ code: 'exchange-too-long' }])
  })
})
