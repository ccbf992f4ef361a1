import { describe, expect, it } from 'vitest'

import { limitRepeats } from '../../../src/node/log/repeat-limit.ts'
import type { Log, LogFields } from '../../../src/sync/log.ts'

function recordedLog(): { log: Log; entries: { level: string; event: string; fields: LogFields }[] } {
  const entries: { level: string; event: string; fields: LogFields }[] = []
  const at = (level: string) => (fields: LogFields, event: string) => void entries.push({ level, event, fields })
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, entries }
}

describe('a log that peers cannot flood', () => {
  it('passes everything that is about no peer', () => {
    const { log, entries } = recordedLog()
    const limited = limitRepeats(log, { perPeer: 1, inAll: 1, now: () => 0 })
    for (let at = 0; at < 50; at++) limited.info({ at }, 'something')
    expect(entries).toHaveLength(50)
  })

  it('holds so many of one event and peer, and says how many it left out', () => {
    const { log, entries } = recordedLog()
    let now = 0
    const limited = limitRepeats(log, { perPeer: 3, windowMs: 1000, now: () => now })
    for (let at = 0; at < 10; at++) limited.warn({ peer: 'a', at }, 'refused')
    limited.warn({ peer: 'b' }, 'refused')
    limited.warn({ peer: 'a' }, 'another event')
    expect(entries.map(({ event, fields }) => `${String(fields['peer'])} ${event}`)).toEqual([
      'a refused',
      'a refused',
      'a refused',
      'b refused',
      'a another event',
    ])
    now = 1000
    limited.info({ peer: 'a' }, 'refused')
    expect(entries.slice(5)).toEqual([
      { level: 'warn', event: 'entries about peers left out', fields: { count: 7, windowMs: 1000 } },
      { level: 'info', event: 'refused', fields: { peer: 'a' } },
    ])
  })

  it('is bounded too where every entry is about another peer', () => {
    const { log, entries } = recordedLog()
    const limited = limitRepeats(log, { inAll: 100, now: () => 0 })
    for (let at = 0; at < 5000; at++) limited.warn({ peer: `peer ${at}` }, 'refused')
    expect(entries).toHaveLength(100)
  })
})
