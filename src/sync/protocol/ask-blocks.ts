import type { CID } from 'multiformats/cid'

import type { Block } from '../../model/block.ts'
import { sha256 } from '../../model/cid.ts'
import type { Peer } from '../peer.ts'
import { type AskOptions, openSyncStream } from './ask-peer.ts'
import { createByteReader } from './byte-reader.ts'
import { readCarStart, readSection } from './car-stream.ts'
import { explainRefusal } from './messages/refusal.ts'
import { encodeRequest, readResponse } from './messages/sync-message.ts'
import { corruptBlock, explainWireProblem, unrequestedBlock } from './peer-errors.ts'
import { IDLE_TIMEOUT_MS, MAX_WANTS } from './sync-limits.ts'
import { timedSend } from './timed-send.ts'

/**
 * Asks a peer for up to 4096 small blocks, just these and not what they link, in one round trip; each is hashed. Throws as
 * `listRefs`, and IntegrityError `peer-sent-corrupt-block` and `peer-sent-unrequested`; `peer-refused` where it may not
 * serve one of them.
 */
export async function askBlocks(peer: Peer, wants: readonly CID[], options: AskOptions = {}): Promise<Block[]> {
  if (wants.length > MAX_WANTS) throw new TypeError(`${wants.length} blocks are more than ${MAX_WANTS}`)
  const { signal, idleTimeoutMs = IDLE_TIMEOUT_MS } = options
  const { label } = peer
  const duplex = await openSyncStream(peer, { signal })
  try {
    const request = encodeRequest({ wants: [...wants], haves: [], resume: 0, only: true })
    await timedSend(duplex, { label, idleTimeoutMs, signal })(request)
    await duplex.closeWrite()
    const reader = createByteReader(duplex.source, { label, idleTimeoutMs, signal })
    await readResponse(reader)
    await readCarStart(reader, [])
    const blocks: Block[] = []
    for (const cid of wants) {
      const section = await readSection(reader)
      if (section === undefined || Buffer.compare(section.cid, cid.bytes) !== 0) throw unrequestedBlock(label, cid)
      const bytes = new Uint8Array(section.bytes)
      if (Buffer.compare(sha256(bytes), cid.multihash.digest) !== 0) throw corruptBlock(label, cid)
      blocks.push({ cid, bytes })
    }
    if (await reader.fill(1)) throw unrequestedBlock(label, undefined)
    return blocks
  } catch (error) {
    duplex.abort(error instanceof Error ? error : new Error('the question failed'))
    throw explainRefusal(explainWireProblem(error, label), label)
  }
}
