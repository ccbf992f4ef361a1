import { describe, expect, it } from 'vitest'

import { cidOf, RAW } from '../../src/model/cid.ts'
import { carStart } from '../../src/sync/protocol/car-stream.ts'
import { withLength } from '../../src/sync/protocol/length-prefix.ts'
import { encodeRefusal } from '../../src/sync/protocol/messages/refusal.ts'
import { encodeResponse, type SyncResponse } from '../../src/sync/protocol/messages/sync-message.ts'
import type { ReceiveSyncOptions } from '../../src/sync/protocol/receive-sync.ts'
import { flipped, honestAnswer, scriptedPeer } from '../support/hostile-peer.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { commitTree, digestsIn, receiveInto, temporaryStore } from '../support/transfer.ts'

const blocks = new MemoryBlocks()
const first = commitTree(blocks, { a: 'the first', 'dir/b': 'the second' })
const want = commitTree(blocks, { a: 'the first', c: { executable: 'the third' }, 'dir/b': 'changed' }, [first])
const { start, sections } = await honestAnswer(blocks, [want])
const foreign = sectionOf('a block of somebody else')

function sectionOf(text: string): Uint8Array {
  const bytes = Buffer.from(text)
  return withLength(Buffer.concat([cidOf(RAW, bytes).bytes, bytes]))
}

/** Receives what a peer sends, and says how that failed; with what is in the store then. */
async function failure(
  sent: Uint8Array[],
  {
    ends = true,
    pieceBytes = 1 << 20,
    ...options
  }: { ends?: boolean; pieceBytes?: number } & Partial<ReceiveSyncOptions>,
) {
  const store = await temporaryStore()
  const peer = scriptedPeer(Buffer.concat(sent), { ends, pieceBytes })
  const error = await receiveInto(store, peer, [want], options).then(
    () => undefined,
    (reason: unknown) => reason as Error & { code: string; details: Record<string, unknown> },
  )
  return { error, peer, stored: await digestsIn(store) }
}

/** How the receiver refuses what a peer sends. */
async function refusal(sent: Uint8Array[], options: Parameters<typeof failure>[1] = {}) {
  const { error, peer, stored } = await failure(sent, options)
  const isNamed = error?.message.includes('peer X') === true && error.details['peer'] === 'peer X'
  return { code: error?.code, isNamed, isAborted: peer.aborted === error, stored }
}

/** A refusal that names the peer, breaks the stream and writes nothing. */
const refusedAs = (code: string) => ({ code, isNamed: true, isAborted: true, stored: [] })

describe('an honest peer', () => {
  it.each([1, 2, 7, 64, 1 << 20])('is understood in pieces of %i bytes', async (pieceBytes) => {
    const { error, stored } = await failure([start, ...sections], { pieceBytes })
    expect(error).toBeUndefined()
    expect(stored).toHaveLength(sections.length)
  })
})

describe.each(sections.map((section, at) => ({ at, section })))('at block $at, a peer', ({ at, section }) => {
  const before = [start, ...sections.slice(0, at)]
  const after = sections.slice(at + 1)

  it('that changed a bit of the block is refused', async () => {
    expect(await refusal([...before, flipped(section, 1), ...after])).toEqual(refusedAs('peer-sent-corrupt-block'))
  })

  it('that changed a bit of the CID is refused', async () => {
    const changed = flipped(section, section.length - 20)
    expect(await refusal([...before, changed, ...after])).toEqual(refusedAs('peer-sent-unrequested'))
  })

  it('that stops before it is refused', async () => {
    expect(await refusal(before)).toEqual(refusedAs('peer-closed-early'))
  })

  it('that stops inside of it is refused', async () => {
    expect(await refusal([...before, section.subarray(0, section.length - 1)])).toEqual(refusedAs('peer-closed-early'))
  })

  it('that stops inside of its length is refused', async () => {
    expect(await refusal([...before, Buffer.of(0x80)])).toEqual(refusedAs('peer-closed-early'))
  })

  it('that leaves it out is refused', async () => {
    expect(await refusal([...before, ...after])).toEqual(
      refusedAs(after.length === 0 ? 'peer-closed-early' : 'peer-sent-unrequested'),
    )
  })

  it('that sends it twice is refused', async () => {
    expect(await refusal([...before, section, section, ...after])).toEqual(refusedAs('peer-sent-unrequested'))
  })

  it('that sends another block first is refused', async () => {
    expect(await refusal([...before, foreign, section, ...after])).toEqual(refusedAs('peer-sent-unrequested'))
  })

  it('that goes on for ever is refused', async () => {
    expect(await refusal([...before, Buffer.from('ffffff7f', 'hex'), Buffer.alloc(100_000)])).toEqual(
      refusedAs('peer-sent-malformed'),
    )
  })

  it('that sends an empty section is refused', async () => {
    expect(await refusal([...before, Buffer.of(0), section, ...after])).toEqual(refusedAs('peer-sent-malformed'))
  })

  it('that falls silent is given up', async () => {
    expect(await refusal([...before, section.subarray(0, 5)], { ends: false, idleTimeoutMs: 30 })).toEqual(
      refusedAs('peer-too-slow'),
    )
  })

  it('keeps what was verified where that is wanted, and only that', async () => {
    const { stored } = await failure(before, { keepPartial: true })
    expect(stored).toHaveLength(at)
    const lied = await failure([...before, flipped(section, 1)], { keepPartial: true })
    expect(lied.stored).toEqual([])
  })
})

describe('a peer', () => {
  it.each(sections.slice(1).map((_, at) => at))('that swaps block %i and the next one is refused', async (at) => {
    const swapped = sections.with(at, sections[at + 1]!).with(at + 1, sections[at]!)
    expect(await refusal([start, ...swapped])).toEqual(refusedAs('peer-sent-unrequested'))
  })

  const ok: SyncResponse = { haves: [], resume: 0 }

  it('that sends more at the end is refused', async () => {
    expect(await refusal([start, ...sections, foreign])).toEqual(refusedAs('peer-sent-unrequested'))
  })

  it('that does not end is given up', async () => {
    expect(await refusal([start, ...sections], { ends: false, idleTimeoutMs: 30 })).toEqual(refusedAs('peer-too-slow'))
  })

  it('that sends more than the limit is given up', async () => {
    expect(await refusal([start, ...sections], { maxBytes: 100 })).toEqual(refusedAs('transfer-too-large'))
  })

  it.each([
    ['nothing', Buffer.alloc(0), 'peer-closed-early'],
    ['what is no JSON', withLength(Buffer.from('{')), 'peer-sent-malformed'],
    ['JSON of another type', withLength(Buffer.from('{"type":"jzfs/sync-response/9"}')), 'peer-sent-malformed'],
    ['a header without end', Buffer.from('ffffff7f', 'hex'), 'peer-sent-malformed'],
    ['haves that it was not given', encodeResponse({ ...ok, haves: [first] }), 'peer-sent-malformed'],
    ['a resume that it was not asked for', encodeResponse({ ...ok, resume: 3 }), 'peer-sent-malformed'],
    ['a refusal of its own', encodeRefusal('jzfs/sync-response/1', { code: 'busy', message: 'x' }), 'peer-refused'],
    ['other roots', Buffer.concat([encodeResponse(ok), carStart([first])]), 'peer-sent-malformed'],
  ])('that answers with %s is refused', async (_what, bytes, code) => {
    expect(await refusal([bytes])).toEqual(refusedAs(code))
  })

  it('may be left by the caller', async () => {
    const signal = AbortSignal.timeout(20)
    const { error, peer } = await failure([start, sections[0]!], { ends: false, signal })
    expect(error).toBe(signal.reason)
    expect(peer.aborted).toBe(error)
  })
})
