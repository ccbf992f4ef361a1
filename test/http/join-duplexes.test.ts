import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { countDuplex, joinDuplexes } from '../../src/http/join-duplexes.ts'
import type { ByteDuplex } from '../../src/sync/duplex.ts'

/** One end of a connection: gives these pieces, some at a time in one turn of the event loop, and keeps what is sent to it. */
function endOf(
  turns: readonly (readonly Uint8Array[])[],
  { hasAtHand = true, failure }: { hasAtHand?: boolean; failure?: Error } = {},
) {
  const sent: Uint8Array[] = []
  const aborted: Error[] = []
  const waiting: Uint8Array[] = []
  let isClosed = false
  const atHand = (): Uint8Array | undefined => waiting.shift()
  async function* read(): AsyncGenerator<Uint8Array> {
    for (const turn of turns) {
      await new Promise((resolve) => setImmediate(resolve))
      waiting.push(...turn)
      for (let piece = atHand(); piece !== undefined; piece = atHand()) yield piece
    }
    if (failure !== undefined) throw failure
  }
  const duplex: ByteDuplex = {
    source: Object.assign(read(), hasAtHand ? { atHand } : {}),
    async send(bytes) {
      sent.push(bytes)
    },
    async closeWrite() {
      isClosed = true
    },
    abort: (error) => void aborted.push(error),
  }
  return { duplex, sent, aborted, isClosed: () => isClosed }
}

const turnsOf = fc.array(fc.array(fc.uint8Array({ minLength: 1, maxLength: 9 }), { maxLength: 6 }), { maxLength: 6 })

describe('joined duplexes', () => {
  it('carry all bytes both ways, in their order, and close what they carried to', async () => {
    await fc.assert(
      fc.asyncProperty(turnsOf, turnsOf, fc.boolean(), async (here, there, hasAtHand) => {
        const [one, other] = [endOf(here, { hasAtHand }), endOf(there)]
        const counted = countDuplex(other.duplex)
        await joinDuplexes(one.duplex, counted)
        expect(Buffer.concat(other.sent)).toEqual(Buffer.concat(here.flat()))
        expect(Buffer.concat(one.sent)).toEqual(Buffer.concat(there.flat()))
        expect(counted.counts).toEqual({
          received: Buffer.concat(one.sent).length,
          sent: Buffer.concat(other.sent).length,
        })
        expect([one.isClosed(), other.isClosed(), one.aborted, other.aborted]).toEqual([true, true, [], []])
      }),
    )
  })

  it('send what comes together in one piece, up to 256 KiB', async () => {
    const [one, other] = [endOf([Array.from({ length: 40 }, (_, at) => Buffer.alloc(16_384, at))]), endOf([])]
    await joinDuplexes(one.duplex, other.duplex)
    expect(other.sent.map(({ length }) => length)).toEqual([262_144, 262_144, 131_072])
  })

  it('are both aborted where one breaks, after what came before was carried', async () => {
    const failure = new Error('broken')
    const [one, other] = [endOf([[Buffer.from('a')], [Buffer.from('b')]], { failure }), endOf([])]
    await joinDuplexes(one.duplex, other.duplex)
    expect(Buffer.concat(other.sent).toString()).toBe('ab')
    expect([one.aborted, other.aborted, other.isClosed()]).toEqual([[failure], [failure], false])
  })
})
