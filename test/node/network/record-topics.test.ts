import { describe, expect, it, onTestFinished, vi } from 'vitest'

import { createMessageJudge } from '../../../src/node/follow/judge-message.ts'
import { generateEd25519Key } from '../../../src/node/home/ed25519-key.ts'
import { createMessageQuota } from '../../../src/node/network/message-quota.ts'
import type { ServingNode } from '../../../src/node/network/serving-node.ts'
import { createRecord } from '../../../src/sync/names/ipns-record.ts'
import { openKnownNames } from '../../../src/sync/names/known-names.ts'
import { startTestNode } from '../../support/network.ts'
import { someCommit } from '../../support/repository.ts'
import { temporaryHome } from '../pins/followed-pin.ts'

const now = new Date()

/** A node that follows a name, and what it was brought. */
async function followingNode(name: string): Promise<{ node: ServingNode; brought: Uint8Array[] }> {
  const home = temporaryHome()
  const node = await startTestNode([], { judge: createMessageJudge(home, () => now) })
  onTestFinished(() => node.stop())
  const brought: Uint8Array[] = []
  node.topics.follow([name])
  node.topics.onRecord((_name, record) => brought.push(record))
  return { node, brought }
}

describe('records by topic', () => {
  it('come over who else follows the name, but what is not signed by it does not', async () => {
    const { protobuf: privateKey, name } = generateEd25519Key()
    const publisher = await startTestNode([])
    onTestFinished(() => publisher.stop())
    const [near, far] = [await followingNode(name), await followingNode(name)]
    await near.node.connect(publisher.addresses()[0]!)
    await far.node.connect(near.node.addresses()[0]!)
    const record = await createRecord({ privateKey, cid: someCommit(1), sequence: 1n, now })
    const eve = generateEd25519Key()
    const forged = await createRecord({ privateKey: eve.protobuf, cid: someCommit(2), sequence: 2n, now })
    await publisher.topics.publish(name, forged.bytes)
    await vi.waitFor(
      async () => {
        await publisher.topics.publish(name, record.bytes)
        expect(far.brought.length).toBeGreaterThan(0)
      },
      { timeout: 8000, interval: 50 },
    )
    for (const bytes of [...near.brought, ...far.brought]) expect(Buffer.from(bytes)).toEqual(Buffer.from(record.bytes))
    near.node.topics.follow([])
    const count = near.brought.length
    await publisher.topics.publish(name, record.bytes)
    expect(near.brought.length).toBe(count)
  })

  it('are judged by their signature, their life and what was seen', async () => {
    const { protobuf: privateKey, name } = generateEd25519Key()
    const home = temporaryHome()
    const judge = createMessageJudge(home, () => now)
    const sign = async (sequence: bigint, at = now): Promise<Uint8Array> =>
      (await createRecord({ privateKey, cid: someCommit(1), sequence, now: at })).bytes
    const [older, newer] = [await sign(1n), await sign(2n)]
    await openKnownNames(home.layout.names).accept(name, newer, { now })
    expect(await judge(name, newer)).toBe('accept')
    expect(await judge(name, await sign(3n))).toBe('accept')
    expect(await judge(name, older)).toBe('ignore')
    expect(await judge(name, await sign(4n, new Date(0)))).toBe('ignore')
    expect(await judge(generateEd25519Key().name, newer)).toBe('reject')
    expect(await judge(name, Buffer.from('nothing'))).toBe('reject')
  })

  it('are so many of each peer within a second', () => {
    let at = 0
    const quota = createMessageQuota(2, () => at)
    expect([quota.take('a'), quota.take('a'), quota.take('a'), quota.take('b')]).toEqual([true, true, false, true])
    at = 1000
    expect(quota.take('a')).toBe(true)
  })
})
