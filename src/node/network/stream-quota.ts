import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '../../model/block.ts'
import { UnavailableError } from '../../model/errors.ts'
import type { ByteDuplex } from '../../sync/duplex.ts'
import { closedEarly } from '../../sync/protocol/peer-errors.ts'
import type { PeerLimits } from './peer-limits.ts'

/** What shares out the places and the bandwidth of exchanges with peers. */
export interface StreamQuota {
  /**
   * Runs an exchange with a peer on a stream, within the peer's share. Where it, its host or all together have too many
   * already, the stream is aborted: UnavailableError `too-many-streams` (details: `peer`). An exchange that takes too long is aborted:
   * `exchange-too-long`; one whose peer hangs up (`signal`): `peer-closed-early`. The exchange is given a signal that
   * aborts then, so that it also stops what it does without the stream.
   */
  run<T>(
    peerId: string,
    duplex: ByteDuplex,
    exchange: (duplex: ByteDuplex, signal: AbortSignal) => Promise<T>,
    options?: AbortOptions & { host?: string | undefined },
  ): Promise<T>
  /** Exchanges that run at the moment. */
  readonly running: number
}

type Limits = Pick<
  PeerLimits,
  | 'maxSyncStreams'
  | 'maxSyncStreamsPerHost'
  | 'maxSyncStreamsPerPeer'
  | 'maxBytesPerSecond'
  | 'maxBytesPerSecondPerPeer'
  | 'maxExchangeMs'
>

/** What one peer takes at the moment. */
interface Share {
  streams: number
  bandwidth: Bandwidth | undefined
}

/** Bytes each way: to take some is to wait until they may go. */
interface Bandwidth {
  received: Bucket
  sent: Bucket
}

type Bucket = (bytes: number, signal: AbortSignal) => Promise<void>

/** Shares out exchanges within these limits. */
export function createStreamQuota(limits: Limits): StreamQuota {
  const shares = new Map<string, Share>()
  const hosts = new Map<string, number>()
  const whole = newBandwidth(limits.maxBytesPerSecond)
  const { maxBytesPerSecondPerPeer: rate } = limits
  let running = 0
  return {
    get running() {
      return running
    },
    async run(peerId, duplex, exchange, { host, signal } = {}) {
      const share = shares.get(peerId) ?? { streams: 0, bandwidth: newBandwidth(rate) }
      const ofHost = host === undefined ? 0 : (hosts.get(host) ?? 0)
      if (
        running >= limits.maxSyncStreams ||
        ofHost >= limits.maxSyncStreamsPerHost ||
        share.streams >= limits.maxSyncStreamsPerPeer
      ) {
        throw aborted(duplex, tooMany(peerId))
      }
      count(hosts, host, 1)
      shares.set(peerId, share)
      share.streams++
      running++
      const ended = new AbortController()
      const end = (reason: UnavailableError): void => ended.abort(aborted(duplex, reason))
      const timer = setTimeout(() => end(tooLong(peerId, limits.maxExchangeMs)), limits.maxExchangeMs)
      const hangUp = (): void => end(closedEarly(peerId))
      if (signal?.aborted === true) hangUp()
      else signal?.addEventListener('abort', hangUp)
      try {
        const bandwidths = [share.bandwidth, whole].filter((each) => each !== undefined)
        const carried = bandwidths.length === 0 ? duplex : slowed(duplex, bandwidths, ended.signal)
        return await exchange(carried, ended.signal)
      } catch (error) {
        duplex.abort(error instanceof Error ? error : new Error('the exchange failed'))
        throw error
      } finally {
        clearTimeout(timer)
        signal?.removeEventListener('abort', hangUp)
        ended.abort()
        running--
        count(hosts, host, -1)
        if (--share.streams === 0) shares.delete(peerId)
      }
    },
  }
}

function count(counts: Map<string, number>, key: string | undefined, change: number): void {
  if (key === undefined) return
  const now = (counts.get(key) ?? 0) + change
  if (now === 0) counts.delete(key)
  else counts.set(key, now)
}

/** Undefined where it has no bound. */
function newBandwidth(bytesPerSecond: number): Bandwidth | undefined {
  if (bytesPerSecond === 0) return undefined
  return { received: createBucket(bytesPerSecond), sent: createBucket(bytesPerSecond) }
}

/** A duplex that carries no more than these bandwidths: what is not read here is not sent there. */
function slowed(duplex: ByteDuplex, bandwidths: readonly Bandwidth[], signal: AbortSignal): ByteDuplex {
  const take = async (way: keyof Bandwidth, bytes: number): Promise<void> => {
    await Promise.all(bandwidths.map((bandwidth) => bandwidth[way](bytes, signal)))
  }
  return {
    ...duplex,
    source: (async function* () {
      for await (const piece of duplex.source) {
        await take('received', piece.length)
        yield piece
      }
    })(),
    async send(bytes) {
      await take('sent', bytes.length)
      await duplex.send(bytes)
    },
  }
}

/** How much may go at once, in seconds of the rate: a pause for each small piece would be shorter than a timer is exact. */
const BURST_SECONDS = 0.1

function createBucket(bytesPerSecond: number): Bucket {
  /** When all that was let through so far is paid for. */
  let paidAt = performance.now()
  return async (bytes, signal) => {
    const now = performance.now()
    paidAt = Math.max(paidAt, now) + (bytes / bytesPerSecond) * 1000
    const waitMs = paidAt - now - BURST_SECONDS * 1000
    if (waitMs > 0) await sleep(waitMs, undefined, { signal })
  }
}

function aborted(duplex: ByteDuplex, error: UnavailableError): UnavailableError {
  duplex.abort(error)
  return error
}

function tooMany(peerId: string): UnavailableError {
  return new UnavailableError('too-many-streams', `${peerId} asks for too much at a time`, {
    hint: 'raise `network.maxSyncStreams`, `network.maxSyncStreamsPerHost` or `network.maxSyncStreamsPerPeer` where that is too few',
    details: { peer: peerId },
  })
}

function tooLong(peerId: string, maxExchangeMs: number): UnavailableError {
  return new UnavailableError('exchange-too-long', `${peerId} took more than ${maxExchangeMs / 1000} s`, {
    hint: 'it may go on where it stopped; raise `network.maxExchangeMs` where that is too short',
    details: { peer: peerId, maxExchangeMs },
  })
}
