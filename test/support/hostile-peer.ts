import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../src/model/block.ts'
import type { ByteDuplex } from '../../src/sync/duplex.ts'
import { createDuplexPair } from '../../src/sync/memory-duplex.ts'
import { encodeRequest } from '../../src/sync/protocol/messages/sync-message.ts'
import { serveSync } from '../../src/sync/protocol/serve-sync.ts'
import { offerAll } from './offer.ts'

/** What an honest peer answers, taken apart. */
export interface Answer {
  /** The response header and the CAR's header. */
  start: Uint8Array
  /** The CAR's sections, each with its length before it. */
  sections: Uint8Array[]
}

/** Asks an honest peer, and takes its answer apart. */
export async function honestAnswer(source: BlockSource, wants: CID[]): Promise<Answer> {
  const [here, there] = createDuplexPair()
  await here.send(encodeRequest({ wants, haves: [], resume: 0 }))
  await here.closeWrite()
  const [bytes] = await Promise.all([
    Array.fromAsync(here.source),
    serveSync(there, offerAll(source), { label: 'client' }),
  ])
  const parts = [...lengthPrefixed(Buffer.concat(bytes))]
  return { start: Buffer.concat(parts.slice(0, 2)), sections: parts.slice(2) }
}

/** A peer that sends these bytes, whatever it is asked, in pieces of `pieceBytes`. Without `ends` it then says nothing. */
export function scriptedPeer(
  bytes: Uint8Array,
  { pieceBytes = 1 << 20, ends = true }: { pieceBytes?: number; ends?: boolean } = {},
): ByteDuplex & { aborted: Error | undefined } {
  return {
    aborted: undefined,
    source: (async function* () {
      for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.slice(at, at + pieceBytes)
      if (!ends) await new Promise(() => undefined)
    })(),
    send: () => Promise.resolve(),
    closeWrite: () => Promise.resolve(),
    abort(error) {
      this.aborted = error
    },
  }
}

/** Copies bytes with one bit changed, `fromEnd` bytes before their end. */
export function flipped(bytes: Uint8Array, fromEnd: number): Uint8Array {
  const copy = new Uint8Array(bytes)
  copy[copy.length - fromEnd]! ^= 1
  return copy
}

/** Cuts bytes into parts, each with its length before it. */
export function* lengthPrefixed(bytes: Buffer): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length;) {
    let at = start
    let length = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!
      length += (byte & 0x7f) * scale
      if (byte < 0x80) break
    }
    yield bytes.subarray(start, at + length)
    start = at + length
  }
}
