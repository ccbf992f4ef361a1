import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { encodeManifest } from '../../../src/model/manifest/manifest.ts'
import type { Peer } from '../../../src/sync/peer.ts'
import { askKnown, listRefs } from '../../../src/sync/protocol/ask-peer.ts'
import { withLength } from '../../../src/sync/protocol/length-prefix.ts'
import { encodeKnownAnswer } from '../../../src/sync/protocol/messages/known-message.ts'
import { encodePushAgreement } from '../../../src/sync/protocol/messages/push-message.ts'
import { encodeRefsAnswer, type RefsAnswer } from '../../../src/sync/protocol/messages/refs-message.ts'
import { encodeRefusal } from '../../../src/sync/protocol/messages/refusal.ts'
import { pushTo } from '../../../src/sync/push/push-to.ts'
import { scriptedPeer } from '../../support/hostile-peer.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { commitTree } from '../../support/transfer.ts'

const blocks = new MemoryBlocks()
const commit = commitTree(blocks, { a: 'a' })
const other = commitTree(blocks, { a: 'b' })
const manifest = encodeManifest({ name: 'data', description: '', branches: [], tags: [] }).bytes
const answer: RefsAnswer = {
  repository: 'data',
  name: undefined,
  record: undefined,
  manifest,
  heads: [],
  writable: false,
}

/** A peer that answers anything with these bytes. */
function answering(bytes: Uint8Array, { ends = true } = {}): Peer {
  return {
    label: 'peer X',
    resolveName: async () => undefined,
    openSync: async () => scriptedPeer(bytes, { ends }),
  }
}

const json = (fields: object): Uint8Array => withLength(Buffer.from(JSON.stringify(fields)))
const ok = { heads: [], repository: 'data', status: 'ok', type: 'jzfs/refs-response/1', writable: false }
const base64 = (size: number): string => Buffer.alloc(size, 1).toString('base64')

describe('a peer that is asked for refs', () => {
  it.each<[string, Uint8Array, string]>([
    ['nothing', Buffer.alloc(0), 'peer-closed-early'],
    ['half of it', encodeRefsAnswer(answer).subarray(0, 40), 'peer-closed-early'],
    ['more than the answer', Buffer.concat([encodeRefsAnswer(answer), Buffer.alloc(1)]), 'peer-sent-malformed'],
    ['a length without end', Buffer.from('ffffff7f', 'hex'), 'peer-sent-malformed'],
    ['no JSON', withLength(Buffer.from('{')), 'peer-sent-malformed'],
    ['the answer to another question', encodeKnownAnswer([]), 'peer-sent-malformed'],
    ['no manifest', encodeRefsAnswer({ ...answer, manifest: undefined }), 'peer-sent-malformed'],
    ['a manifest over 1 MiB', json({ ...ok, manifest: base64(1_048_577) }), 'peer-sent-malformed'],
    ['a manifest that is no base64', json({ ...ok, manifest: '?' }), 'peer-sent-malformed'],
    ['a name without its record', json({ ...ok, manifest: base64(9), name: 'k51' }), 'peer-sent-malformed'],
    [
      'a record over 10 KiB',
      json({ ...ok, manifest: base64(9), name: 'k51', record: base64(10_241) }),
      'peer-sent-malformed',
    ],
    [
      'too many heads',
      json({ ...ok, manifest: base64(9), heads: Array.from({ length: 1025 }, () => ({})) }),
      'peer-sent-malformed',
    ],
    [
      'a head without a record',
      json({ ...ok, manifest: base64(9), heads: [{ ref: 'refs/heads/x', ipns: 'k51' }] }),
      'peer-sent-malformed',
    ],
    ['another status', json({ ...ok, status: 'maybe' }), 'peer-sent-malformed'],
    [
      'a refusal of its own',
      encodeRefusal('jzfs/refs-response/1', { code: 'busy', message: '\u001b[31m' }),
      'peer-refused',
    ],
    [
      'that there is none',
      encodeRefusal('jzfs/refs-response/1', { code: 'repository-unknown', message: '', family: 'not-found' }),
      'repository-unknown',
    ],
    [
      'that it does not understand',
      encodeRefusal('jzfs/sync-response/1', { code: 'request-invalid', message: '' }),
      'peer-refused',
    ],
  ])('and sends %s is refused by name', async (_what, bytes, code) => {
    const refused = listRefs(answering(bytes), {})
    await expect(refused).rejects.toMatchObject({ code, details: { peer: 'peer X' } })
    await expect(refused).rejects.not.toThrow('\u001b')
  })

  it('and says nothing is given up', async () => {
    const silent = listRefs(answering(encodeRefsAnswer(answer), { ends: false }), {}, { idleTimeoutMs: 20 })
    await expect(silent).rejects.toMatchObject({ code: 'peer-too-slow' })
  })

  it('and is honest is understood', async () => {
    expect(await listRefs(answering(encodeRefsAnswer(answer)), {})).toMatchObject({ repository: 'data' })
  })
})

describe('a peer that is asked what it knows', () => {
  it('and names what was not asked is refused', async () => {
    const asked = askKnown(answering(encodeKnownAnswer([other])), [commit])
    await expect(asked).rejects.toMatchObject({ code: 'peer-sent-malformed' })
  })
})

describe('a peer that is pushed to', () => {
  const push = (peer: Peer, haves: CID[] = []) =>
    pushTo(peer, {
      updates: [{ name: 'refs/heads/main', before: undefined, after: commit }],
      haves,
      source: blocks,
      idleTimeoutMs: 30,
      answerTimeoutMs: 30,
    })

  it.each<[string, Uint8Array, string]>([
    [
      'agrees on haves that were not offered',
      encodePushAgreement({ haves: [other], resume: 0 }),
      'peer-sent-malformed',
    ],
    ['answers with what is no answer', json({ type: 'x' }), 'peer-sent-malformed'],
    [
      'says that it is done before anything came',
      json({ refs: [], status: 'ok', type: 'jzfs/push-response/1' }),
      'peer-sent-malformed',
    ],
  ])('and %s is refused by name', async (_what, bytes, code) => {
    await expect(push(answering(bytes))).rejects.toMatchObject({ code, details: { peer: 'peer X' } })
  })

  it('and offers it again and again is left', async () => {
    let streams = 0
    const changed = encodeRefusal('jzfs/push-response/1', { code: 'push-changed', message: 'x' })
    const peer: Peer = {
      ...answering(changed),
      openSync: async () => scriptedPeer(streams++ % 2 === 0 ? encodePushAgreement({ haves: [], resume: 0 }) : changed),
    }
    await expect(push(peer)).rejects.toMatchObject({ details: { refusal: 'push-changed' } })
    expect(streams).toBe(16)
  })

  it('and takes all without a word is given up', async () => {
    let streams = 0
    const peer: Peer = {
      ...answering(changedNothing),
      openSync: async () =>
        streams++ === 0
          ? scriptedPeer(encodePushAgreement({ haves: [], resume: 0 }))
          : scriptedPeer(changedNothing, { ends: false }),
    }
    await expect(push(peer)).rejects.toMatchObject({ code: 'peer-too-slow' })
  })
})

const changedNothing = new Uint8Array(0)
