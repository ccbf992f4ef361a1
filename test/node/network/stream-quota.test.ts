import { describe, expect, it } from 'vitest'

import { DEFAULT_PEER_LIMITS, type PeerLimits } from '../../../src/node/network/peer-limits.ts'
import { createStreamQuota } from '../../../src/node/network/stream-quota.ts'
import { createDuplexPair } from '../../../src/sync/memory-duplex.ts'

const quotaOf = (changed: Partial<PeerLimits>) => createStreamQuota({ ...DEFAULT_PEER_LIMITS, ...changed })

/** An exchange that runs until it is told to end. */
function pending() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { promise, end: resolve }
}

describe('exchanges with peers', () => {
  it('are so many to one peer, and so many in all; places are given back', async () => {
    const quota = quotaOf({ maxSyncStreamsPerPeer: 2, maxSyncStreams: 3 })
    const held = pending()
    const run = (peer: string) => quota.run(peer, createDuplexPair()[0], () => held.promise)
    const running = [run('a'), run('a')]
    await expect(run('a')).rejects.toMatchObject({ code: 'too-many-streams', details: { peer: 'a' } })
    running.push(run('b'))
    await expect(run('c')).rejects.toMatchObject({ code: 'too-many-streams', details: { peer: 'c' } })
    expect(quota.running).toBe(3)
    held.end()
    await Promise.all(running)
    expect(quota.running).toBe(0)
    await run('a')
  })

  it('are so many to one host, whoever it says that it is', async () => {
    const quota = quotaOf({ maxSyncStreamsPerHost: 2, maxSyncStreams: 4 })
    const held = pending()
    const run = (peer: string, host?: string) => quota.run(peer, createDuplexPair()[0], () => held.promise, { host })
    const running = [run('a', '192.0.2.1'), run('b', '192.0.2.1')]
    await expect(run('c', '192.0.2.1')).rejects.toMatchObject({ code: 'too-many-streams', details: { peer: 'c' } })
    running.push(run('c', '192.0.2.2'), run('d'))
    expect(quota.running).toBe(4)
    held.end()
    await Promise.all(running)
    await run('c', '192.0.2.1')
    expect(DEFAULT_PEER_LIMITS.maxSyncStreamsPerHost).toBe(DEFAULT_PEER_LIMITS.maxSyncStreams / 2)
  })

  it('that are turned away, fail or take too long are broken, so that the peer learns of it', async () => {
    const quota = quotaOf({ maxSyncStreamsPerPeer: 1, maxExchangeMs: 30 })
    const [here, there] = createDuplexPair()
    const late = quota.run('a', here, async (duplex) => {
      for await (const _piece of duplex.source) expect.unreachable()
    })
    const [other, away] = createDuplexPair()
    await expect(quota.run('a', other, async () => undefined)).rejects.toMatchObject({ code: 'too-many-streams' })
    await expect(Array.fromAsync(away.source)).rejects.toThrow()
    await expect(late).rejects.toMatchObject({ code: 'exchange-too-long' })
    await expect(Array.fromAsync(there.source)).rejects.toThrow()
    const [failing, end] = createDuplexPair()
    await expect(quota.run('a', failing, () => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug')
    await expect(Array.fromAsync(end.source)).rejects.toThrow()
  })

  it.each([
    { maxBytesPerSecondPerPeer: 100_000 },
    // What all have together is spent by three.
    { maxBytesPerSecond: 150_000 },
  ])('share the bandwidth of their peer, and of all: %o', async (limits) => {
    const quota = quotaOf(limits)
    const carry = async (peer: string): Promise<void> => {
      const [here, there] = createDuplexPair()
      const reading = Array.fromAsync(there.source)
      await quota.run(peer, here, async (duplex) => {
        for (let sent = 0; sent < 20_000; sent += 1000) await duplex.send(new Uint8Array(1000))
        await duplex.closeWrite()
      })
      await reading
    }
    const startedAt = performance.now()
    // 40,000 bytes at 100,000 a second, less the first tenth of a second.
    await Promise.all([carry('a'), carry('a'), carry('b')])
    const ms = performance.now() - startedAt
    expect(ms).toBeGreaterThan(250)
    expect(ms).toBeLessThan(3000)
  })
})
