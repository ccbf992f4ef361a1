import type { BlockSource } from '../../src/model/block.ts'
import { createDuplexPair } from '../../src/sync/memory-duplex.ts'
import type { Peer } from '../../src/sync/peer.ts'
import { serveSync } from '../../src/sync/protocol/serve-sync.ts'
import { lengthPrefixed } from './hostile-peer.ts'
import { offerAll } from './offer.ts'

/** The parts of an honest answer: header, CAR header, sections. */
export type Tamper = (parts: Uint8Array[]) => Uint8Array[] | Promise<Uint8Array[]>

/** A peer that has all blocks of a source and counts the leaves that it gave; `tamper` changes its answers for leaves. */
export function leafPeer(
  label: string,
  source: BlockSource,
  tamper?: Tamper,
): Peer & { leaves: number; asked: number } {
  const peer = {
    label,
    leaves: 0,
    asked: 0,
    resolveName: async () => undefined,
    async openSync() {
      const [here, there] = createDuplexPair()
      const [inner, server] = createDuplexPair()
      serveSync(server, offerAll(source), { label: 'asker' }).catch(() => undefined)
      void carry(there, inner)
      return here
    },
  }
  const carry = async (there: Awaited<ReturnType<typeof createDuplexPair>>[1], inner: typeof there): Promise<void> => {
    try {
      const request = Buffer.concat(await Array.fromAsync(there.source))
      const isOnly = request.includes('"only":true')
      await inner.send(request)
      await inner.closeWrite()
      let parts: Uint8Array[] = [...lengthPrefixed(Buffer.concat(await Array.fromAsync(inner.source)))]
      if (isOnly) {
        peer.asked++
        peer.leaves += parts.length - 2
        if (tamper !== undefined) parts = await tamper(parts)
      }
      for (const part of parts) await there.send(part)
      await there.closeWrite()
    } catch {
      // The asker left.
    }
  }
  return peer
}
