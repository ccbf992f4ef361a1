import type { Log, LogFields } from '../../sync/log.ts'

/** How often entries may repeat. */
export interface RepeatLimits {
  /** Entries with one event about one peer in a window (default 20). */
  perPeer?: number
  /** Entries about peers in a window, of all together (default 600). */
  inAll?: number
  /** How long a window is, in milliseconds (default 60,000). */
  windowMs?: number
  /** The clock, in milliseconds. */
  now?: () => number
}

/** Pairs of peer and event that are counted at a time: whoever makes up peer ids does not fill the memory. */
const MAX_COUNTED = 1000

/**
 * A log that what peers do cannot flood: of what has the field `peer`, each window holds so many entries with one event
 * about one peer, and so many in all. When the next window begins, one entry says how many were left out. All else passes.
 */
export function limitRepeats(
  log: Log,
  { perPeer = 20, inAll = 600, windowMs = 60_000, now = () => performance.now() }: RepeatLimits = {},
): Log {
  let began = now()
  let total = 0
  let leftOut = 0
  const counts = new Map<string, number>()
  const beginWindow = (): void => {
    if (now() - began < windowMs) return
    began = now()
    total = 0
    counts.clear()
    const count = leftOut
    leftOut = 0
    if (count > 0) log.warn({ count, windowMs }, 'entries about peers left out')
  }
  const mayPass = ({ peer }: LogFields, event: string): boolean => {
    beginWindow()
    if (typeof peer !== 'string') return true
    const key = `${peer} ${event}`
    const count = (counts.get(key) ?? 0) + 1
    if (counts.has(key) || counts.size < MAX_COUNTED) counts.set(key, count)
    if (count <= perPeer && total < inAll) {
      total++
      return true
    }
    leftOut++
    return false
  }
  const limited =
    (level: keyof Log) =>
    (fields: LogFields, event: string): void => {
      if (mayPass(fields, event)) log[level](fields, event)
    }
  return { debug: limited('debug'), info: limited('info'), warn: limited('warn'), error: limited('error') }
}
