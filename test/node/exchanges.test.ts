import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { type AskedBy, createExchanges } from '../../src/node/exchanges.ts'
import { createActivity } from '../../src/node/metrics/activity.ts'
import { DEFAULT_PEER_LIMITS, type PeerLimits } from '../../src/node/network/peer-limits.ts'
import { SILENT_LOG } from '../../src/sync/log.ts'
import { createDuplexPair } from '../../src/sync/memory-duplex.ts'
import type { Offer } from '../../src/sync/protocol/offer.ts'
import { honestPush } from '../support/hostile-pusher.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { offerRepository } from '../support/push.ts'
import { temporaryRepository } from '../support/repository.ts'
import { commitTree } from '../support/transfer.ts'

const blocks = new MemoryBlocks()
const head = commitTree(blocks, { a: 'one', 'dir/b': 'two' })
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

describe('what one exchange may take of a node', () => {
  it('a push brings no more bytes than it may, whatever carries it', async () => {
    const { answer, said } = await push(head, { maxPushBytes: 100 })
    expect(answer).toContain('transfer-too-large')
    expect(said).toMatchObject([{ peer: 'peer X', code: 'transfer-too-large' }])
    expect((await push(head, {})).answer).not.toContain('transfer-too-large')
    expect(DEFAULT_PEER_LIMITS.maxPushBytes).toBe(100 * 2 ** 30)
  })
})
