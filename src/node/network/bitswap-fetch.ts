import type { Blocks } from '@helia/interface'
import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { UnavailableError } from '../../model/errors.ts'
import {
  BITSWAP_IDLE_MS,
  FIRST_WANTED_BLOCKS,
  MAX_WANTED_BLOCKS,
  MAX_WANTED_BYTES,
  WANT_AGAIN_MS,
} from './network-limits.ts'

/**
 * Gets blocks by Bitswap (a Helia's `blockstore`) from the peers that are connected, never more at a time than Bitswap
 * bears: what is over waits its turn. The bytes are those that the CID names: Helia verifies them.
 *
 * Throws UnavailableError `block-not-sent` (details: `cid`) where no peer has sent anything for a while.
 */
export function createBitswapFetch(
  blocks: Pick<Blocks, 'get'>,
): (cid: CID, options?: AbortOptions) => Promise<Uint8Array> {
  const queue: (() => void)[] = []
  let wanted = 0
  let averageBytes = MAX_WANTED_BYTES / FIRST_WANTED_BLOCKS
  let lastBlockMs = performance.now()
  const limit = (): number => Math.min(MAX_WANTED_BLOCKS, Math.max(1, Math.floor(MAX_WANTED_BYTES / averageBytes)))

  return async (cid, { signal } = {}) => {
    while (wanted >= limit()) await new Promise<void>((resolve) => queue.push(resolve))
    wanted++
    const startMs = performance.now()
    try {
      for (;;) {
        signal?.throwIfAborted()
        const bytes = await wantOnce(blocks, cid, signal)
        if (bytes !== undefined) {
          lastBlockMs = performance.now()
          averageBytes += (bytes.length - averageBytes) / FIRST_WANTED_BLOCKS
          return bytes
        }
        if (performance.now() - Math.max(startMs, lastBlockMs) > BITSWAP_IDLE_MS) throw notSent(cid)
      }
    } finally {
      wanted--
      for (let free = limit() - wanted; free > 0; free--) queue.shift()?.()
    }
  }
}

async function wantOnce(blocks: Pick<Blocks, 'get'>, cid: CID, signal?: AbortSignal): Promise<Uint8Array | undefined> {
  const timeout = AbortSignal.timeout(WANT_AGAIN_MS)
  try {
    const options = { signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) }
    for await (const bytes of blocks.get(cid, options)) return bytes
    return undefined
  } catch (error) {
    if (timeout.aborted && signal?.aborted !== true) return undefined
    throw error
  }
}

function notSent(cid: CID): UnavailableError {
  return new UnavailableError('block-not-sent', `no peer sends the block ${cid.toString()}`, {
    hint: 'check that the peer has it, or name another peer',
    details: { cid: cid.toString() },
  })
}
