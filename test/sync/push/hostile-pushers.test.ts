import { readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { CID } from 'multiformats/cid'
import { beforeEach, describe, expect, it } from 'vitest'

import { cidOf, RAW } from '../../../src/model/cid.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { withLength } from '../../../src/sync/protocol/length-prefix.ts'
import { encodePush, encodePushOffer } from '../../../src/sync/protocol/messages/push-message.ts'
import { serveSync } from '../../../src/sync/protocol/serve-sync.ts'
import { flipped } from '../../support/hostile-peer.ts'
import { honestPush, pushBytes } from '../../support/hostile-pusher.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { offerRepository, pushMain, repositoryPeer } from '../../support/push.ts'
import { temporaryRepository } from '../../support/repository.ts'
import { commitTree, digestsIn, reachedBy } from '../../support/transfer.ts'

const blocks = new MemoryBlocks()
const base = commitTree(blocks, { a: 'the first' })
const next = commitTree(blocks, { a: 'the first', 'dir/b': 'the second', run: { executable: 'third' } }, [base])
const update = { name: 'refs/heads/main', before: base, after: next }
const { start, sections } = await honestPush(blocks, update, [base])
const foreign = sectionOf('a block of somebody else')

function sectionOf(text: string): Uint8Array {
  const bytes = Buffer.from(text)
  return withLength(Buffer.concat([cidOf(RAW, bytes).bytes, bytes]))
}

let repository: Repository
let before: string[]

beforeEach(async () => {
  repository = await temporaryRepository({ bare: true })
  await pushMain(repositoryPeer(repository), blocks, { after: base })
  before = await digestsIn(repository.store)
})

/** How a push of these bytes fails: nothing moves and nothing is stored, and an honest push goes through after it. */
async function refusal(sent: Uint8Array[], options: Parameters<typeof pushBytes>[2] = {}): Promise<string | undefined> {
  const { code } = await pushBytes(repository, sent, options)
  expect((await repository.refs.read('refs/heads/main'))?.equals(base)).toBe(true)
  expect(await digestsIn(repository.store)).toEqual(before)
  await pushMain(repositoryPeer(repository), blocks, { before: base, after: next })
  expect((await reachedBy(repository.store, [next])).size).toBe((await reachedBy(blocks, [next])).size)
  return code
}

describe('an honest pusher', () => {
  it('is understood, in pieces of any size', async () => {
    const whole = Buffer.concat([start, ...sections])
    const pieces = Array.from({ length: whole.length }, (_, at) => whole.subarray(at, at + 1))
    expect(await pushBytes(repository, pieces)).toMatchObject({ code: undefined, served: { kind: 'push' } })
    expect((await repository.refs.read('refs/heads/main'))?.equals(next)).toBe(true)
  })
})

describe.each(sections.map((section, at) => ({ at, section })))('at block $at, a pusher', ({ at, section }) => {
  const earlier = [start, ...sections.slice(0, at)]
  const later = sections.slice(at + 1)
  const isLast = later.length === 0

  it.each<[string, Uint8Array[], string]>([
    ['changes a bit of the block', [...earlier, flipped(section, 1), ...later], 'peer-sent-corrupt-block'],
    [
      'changes a bit of the CID',
      [...earlier, flipped(section, section.length - 20), ...later],
      'peer-sent-unrequested',
    ],
    ['stops before it', earlier, 'peer-closed-early'],
    ['stops inside of it', [...earlier, section.subarray(0, section.length - 1)], 'peer-closed-early'],
    ['leaves it out', [...earlier, ...later], isLast ? 'peer-closed-early' : 'peer-sent-unrequested'],
    ['sends it twice', [...earlier, section, section, ...later], 'peer-sent-unrequested'],
    ['sends another block first', [...earlier, foreign, section, ...later], 'peer-sent-unrequested'],
    ['goes on without end', [...earlier, Buffer.from('ffffff7f', 'hex'), Buffer.alloc(100_000)], 'peer-sent-malformed'],
  ])('that %s is refused', async (_what, sent, code) => {
    expect(await refusal(sent)).toBe(code)
  })

  it('that falls silent is given up', async () => {
    expect(await refusal([...earlier, section.subarray(0, 5)], { ends: false, idleTimeoutMs: 20 })).toBe(
      'peer-too-slow',
    )
  })

  it('that was stopped goes on there, and sends nothing again', async () => {
    await pushBytes(repository, earlier)
    // What was kept is the pusher's own: another one starts from the beginning.
    expect(await offeredResume('pusher Y')).toBe(at)
    expect(await offeredResume('pusher Z')).toBe(0)
    expect(await digestsIn(repository.store)).toEqual(before)
  })
})

async function offeredResume(label: string): Promise<number> {
  const { answer } = await pushBytes(repository, [encodePushOffer({ updates: [update], haves: [base] })], { label })
  return Number(/"resume":(\d+)/.exec(answer)?.[1])
}

describe('a pusher', () => {
  it.each(sections.slice(1).map((_, at) => at))('that swaps block %i and the next one is refused', async (at) => {
    const swapped = sections.with(at, sections[at + 1]!).with(at + 1, sections[at]!)
    expect(await refusal([start, ...swapped])).toBe('peer-sent-unrequested')
  })

  it('that sends more at the end is refused', async () => {
    expect(await refusal([start, ...sections, foreign])).toBe('peer-sent-unrequested')
  })

  it('that sends more than may be is refused', async () => {
    expect(await refusal([start, ...sections], { maxPushBytes: 100 })).toBe('transfer-too-large')
  })

  it('that does not end is given up', async () => {
    expect(await refusal([start, ...sections], { ends: false, idleTimeoutMs: 20 })).toBe('peer-too-slow')
  })

  it('that drips is given up', async () => {
    const whole = Buffer.concat([start, ...sections])
    const drip = (async function* () {
      for (const byte of whole) {
        await sleep(2)
        yield Uint8Array.of(byte)
      }
    })()
    const duplex = { source: drip, send: async () => {}, closeWrite: async () => {}, abort: () => undefined }
    const serving = serveSync(duplex, offerRepository(repository), { label: 'pusher Y', idleTimeoutMs: 30 })
    await expect(serving).rejects.toMatchObject({ code: 'peer-too-slow', details: { peer: 'pusher Y' } })
    expect(await refusal([start, ...sections.slice(0, 1)])).toBe('peer-closed-early')
  })

  it.each<[string, Uint8Array]>([
    ['haves that are not there', bytesOf({ haves: [next] })],
    ['a resume that was not agreed on', bytesOf({ resume: 2 })],
  ])('that says %s has to offer it again', async (_what, bytes) => {
    expect(await refusal([bytes, ...sections])).toBe('push-changed')
  })

  it('whose quarantine is old is forgotten', async () => {
    await pushBytes(repository, [start, ...sections.slice(0, 2)])
    const { tmp } = repository.layout
    const kept = () => readdirSync(tmp).filter((name) => name.startsWith('push-'))
    expect(kept()).toHaveLength(2)
    const longAgo = new Date(Date.now() - 15 * 24 * 3_600_000)
    for (const name of kept()) utimesSync(join(tmp, name), longAgo, longAgo)
    await pushMain(repositoryPeer(repository), blocks, { before: base, after: next })
    expect(kept()).toHaveLength(1)
  })
})

function bytesOf({ haves = [base], resume = 0 }: { haves?: CID[]; resume?: number }): Uint8Array {
  return encodePush({ updates: [update], haves, resume })
}
