import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import type { Peer } from '../peer.ts'
import { openSyncStream } from '../protocol/ask-peer.ts'
import type { BlockPack } from '../protocol/receive-blocks.ts'
import type { LeafList } from './leaf-list.ts'
import { receiveOnly } from './receive-apart.ts'

/** From whom leaves are fetched, and where they go. */
export interface FetchLeavesOptions extends AbortOptions {
  peers: readonly Peer[]
  leaves: LeafList
  pack: BlockPack
  /** What was wrong with peers that lied or failed is added here. */
  failures: JzfsError[]
  idleTimeoutMs?: number | undefined
  /** Told of each leaf, by its length. */
  onLeaf(sizeBytes: number): void
}

/** What one question asks for. */
const MAX_BATCH_LEAVES = 256
const MAX_BATCH_BYTES = 8_388_608

/** How long a peer may be at a question before another one is asked the same, in milliseconds. */
const ASK_AGAIN_MS = 2000

/** How often it is looked whether one is that late, in milliseconds. */
const LOOK_MS = 100

/** A question that a peer is at. */
interface Question {
  leaves: number[]
  sinceMs: number
  isShared: boolean
}

/**
 * Fetches the leaves that are not here from several peers at once, some at a time from each; a slow one's last question
 * is asked of another too. A peer that lies or fails is asked no more, and what it owed is asked of the others. Memory is
 * bounded by what the pack holds back.
 *
 * Resolves when all are here. Throws the failures' first lie, else their last, where no peer is left; the signal's reason; and
 * at once what goes wrong here.
 */
export async function fetchLeaves(options: FetchLeavesOptions): Promise<void> {
  const { peers, leaves, failures, signal } = options
  const done = new AbortController()
  const stopped = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal])
  const round = createRound(options, stopped, () => done.abort())
  if (leaves.here === leaves.count) return
  await Promise.all(peers.map((peer) => round.work(peer)))
  signal?.throwIfAborted()
  if (round.fault !== undefined) throw round.fault
  if (leaves.here === leaves.count) return
  throw failures.find(({ family }) => family === 'integrity') ?? failures.at(-1)!
}

interface Round {
  /** What went wrong here, which ends all. */
  fault: unknown
  /** Asks one peer, until nothing is left to ask or it failed. */
  work(peer: Peer): Promise<void>
}

function createRound(
  { leaves, pack, failures, idleTimeoutMs, onLeaf }: FetchLeavesOptions,
  signal: AbortSignal,
  stop: () => void,
): Round {
  const open = new Set<Question>()
  const owed: number[] = []
  let next = 0
  let drained: Promise<unknown> = Promise.resolve()
  const take = (): Question | undefined => {
    const batch: number[] = []
    for (let bytes = 0; batch.length < MAX_BATCH_LEAVES && bytes < MAX_BATCH_BYTES;) {
      const leaf = owed.pop() ?? (next < leaves.count ? next++ : undefined)
      if (leaf === undefined) break
      if (leaves.isHere(leaf)) continue
      batch.push(leaf)
      bytes += leaves.declaredSize(leaf)
    }
    return batch.length > 0 ? { leaves: batch, sinceMs: performance.now(), isShared: false } : takeLate()
  }
  const takeLate = (): Question | undefined => {
    for (const question of open) {
      if (question.isShared || performance.now() - question.sinceMs < ASK_AGAIN_MS) continue
      question.isShared = true
      const missing = question.leaves.filter((leaf) => !leaves.isHere(leaf))
      if (missing.length > 0) return { leaves: missing, sinceMs: performance.now(), isShared: true }
    }
    return undefined
  }
  const ask = async (peer: Peer, { leaves: asked }: Question): Promise<void> => {
    const duplex = await openSyncStream(peer, { signal })
    const wants = asked.map((leaf) => leaves.cid(leaf))
    await receiveOnly(duplex, wants, {
      label: peer.label,
      idleTimeoutMs,
      signal,
      onBlock: async (block) => {
        const leaf = leaves.find(block.cid.multihash.digest)
        if (leaves.isHere(leaf)) return
        leaves.arrived(leaf, block.bytes.length)
        pack.add(block)
        onLeaf(block.bytes.length)
        if (leaves.here === leaves.count) stop()
        // A pack is drained by one at a time.
        drained = drained.then(() => pack.drain())
        await drained
      },
    })
  }
  const round: Round = {
    fault: undefined,
    async work(peer) {
      while (!signal.aborted) {
        const question = take()
        if (question === undefined) {
          if (open.size === 0) return
          await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
          continue
        }
        open.add(question)
        try {
          await ask(peer, question)
        } catch (error) {
          if (signal.aborted) return
          owed.push(...question.leaves)
          if (error instanceof JzfsError && error.details['peer'] !== undefined) failures.push(error)
          else {
            round.fault = error
            stop()
          }
          return
        } finally {
          open.delete(question)
        }
      }
    },
  }
  return round
}
