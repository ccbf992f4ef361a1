import { describe, expect, it } from 'vitest'

import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { createDuplexPair } from '../../../src/sync/memory-duplex.ts'
import { askRecords } from '../../../src/sync/protocol/ask-peer.ts'
import { encodeRecordsAnswer } from '../../../src/sync/protocol/messages/records-message.ts'
import { offerBlocks } from '../../../src/sync/protocol/offer.ts'
import { MAX_ASKED_NAMES } from '../../../src/sync/protocol/sync-limits.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const offer = () => offerBlocks({ source: new MemoryBlocks(), mayServe: () => false })
const peer = createLocalPeer({
  label: 'ann',
  record: async (name) => (name.startsWith('k1') ? bytes(name) : undefined),
  offer,
})

describe('records of many names', () => {
  it('are asked for by one question', async () => {
    expect(await askRecords(peer, ['k1', 'k2', 'k1b', 'k1'])).toEqual(
      new Map([
        ['k1', bytes('k1')],
        ['k1b', bytes('k1b')],
      ]),
    )
    expect(await askRecords(peer, [])).toEqual(new Map())
  })

  it('are those of so many names at most', async () => {
    const names = Array.from({ length: MAX_ASKED_NAMES + 1 }, (_, at) => `k${at}`)
    await expect(askRecords(peer, names)).rejects.toThrow(TypeError)
    expect((await askRecords(peer, names.slice(1))).size).toBeGreaterThan(100)
  })

  it('that nobody asked for are refused, and name the peer', async () => {
    const liar = {
      label: 'eve',
      resolveName: async () => undefined,
      async openSync() {
        const [here, there] = createDuplexPair()
        void there.send(encodeRecordsAnswer([{ name: 'k9', record: bytes('x') }])).then(() => there.closeWrite())
        return here
      },
    }
    await expect(askRecords(liar, ['k1'])).rejects.toMatchObject({
      code: 'peer-sent-malformed',
      details: { peer: 'eve' },
    })
  })
})
