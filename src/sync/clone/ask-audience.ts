import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import type { Peer } from '../peer.ts'
import { receiveOnly } from '../several/receive-apart.ts'

/**
 * For whom something is, as peers say that have it: `everybody`, or `some`, to whom we belong. Where none says so: `unsaid`
 * if it may come from who knows no audiences (Bitswap, a gateway) or from this node itself; else it is `doubtful`.
 */
export type SaidAudience = 'everybody' | 'some' | 'doubtful' | 'unsaid'

/** How long a peer may take for its answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 5000

/**
 * Asks peers for whom the root `cid` is: each for that one block, so that only who has it is believed. One that gives it to
 * everybody is enough: then it is public, whatever others say. What this node itself gives says only that it is for some.
 * Throws the signal's reason.
 */
export async function askAudience(
  peers: readonly Peer[],
  cid: CID,
  { signal }: AbortOptions = {},
): Promise<SaidAudience> {
  const done = new AbortController()
  const signals = [AbortSignal.timeout(ANSWER_TIMEOUT_MS), done.signal, ...(signal === undefined ? [] : [signal])]
  const answers = new Set<SaidAudience | undefined>()
  await Promise.all(
    peers.map(async (peer) => {
      const said = await askOne(peer, cid, { signal: AbortSignal.any(signals) })
      answers.add(said)
      // The others need not answer any more.
      if (said === 'everybody') done.abort()
    }),
  )
  signal?.throwIfAborted()
  return BY_WEIGHT.find((each) => answers.has(each)) ?? 'doubtful'
}

const BY_WEIGHT = ['everybody', 'some', 'doubtful', 'unsaid'] as const

/** Undefined where it is not there for us. */
async function askOne(peer: Peer, cid: CID, { signal }: { signal: AbortSignal }): Promise<SaidAudience | undefined> {
  try {
    const duplex = await peer.openSync?.({ signal })
    if (duplex === undefined) return 'unsaid'
    const onBlock = async (): Promise<void> => undefined
    const { isRestricted } = await receiveOnly(duplex, [cid], { label: peer.label, signal, onBlock })
    if (isRestricted) return 'some'
    return peer.isOwn === true ? 'unsaid' : 'everybody'
  } catch (error) {
    if (signal.aborted) return 'doubtful'
    if (!(error instanceof JzfsError)) throw error
    return error.code === 'not-served' ? undefined : 'doubtful'
  }
}
