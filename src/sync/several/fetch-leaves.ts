import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions, Block } from '../../model/block.ts'
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
  const round = new Round(options, stopped, () => done.abort())
  if (leaves.here === leaves.count) return
  await Promise.all(peers.map((peer) => round.work(peer)))
  signal?.throwIfAborted()
  if (round.fault !== undefined) throw round.fault
  if (leaves.here === leaves.count) return
  throw failures.find(({ family }) => family === 'integrity') ?? failures.at(-1)!
}

/** The questions of one fetch, shared by all who are asked. */
class Round {
  /** What went wrong here, which ends all. */
  fault: unknown
  readonly #options: FetchLeavesOptions
  readonly #signal: AbortSignal
  readonly #stop: () => void
  readonly #open = new Set<Question>()
  /** Leaves that a peer which failed was asked for. */
  readonly #owed: number[] = []
  #next = 0
  #drained: Promise<unknown> = Promise.resolve()

  constructor(options: FetchLeavesOptions, signal: AbortSignal, stop: () => void) {
    this.#options = options
    this.#signal = signal
    this.#stop = stop
  }

  /** Asks one peer, until nothing is left to ask or it failed. */
  async work(peer: Peer): Promise<void> {
    while (!this.#signal.aborted) {
      const question = this.#take() ?? this.#takeLate()
      if (question !== undefined) {
        if (!(await this.#tryToAsk(peer, question))) return
      } else if (this.#open.size === 0) return
      else await sleep(LOOK_MS, undefined, { signal: this.#signal }).catch(() => undefined)
    }
  }

  #take(): Question | undefined {
    const { leaves } = this.#options
    const batch: number[] = []
    for (let bytes = 0; batch.length < MAX_BATCH_LEAVES && bytes < MAX_BATCH_BYTES;) {
      const leaf = this.#owed.pop() ?? (this.#next < leaves.count ? this.#next++ : undefined)
      if (leaf === undefined) break
      if (leaves.isHere(leaf)) continue
      batch.push(leaf)
      bytes += leaves.declaredSize(leaf)
    }
    return batch.length === 0 ? undefined : { leaves: batch, sinceMs: performance.now(), isShared: false }
  }

  /** What is still missing of a question that another peer is at for long. */
  #takeLate(): Question | undefined {
    const { leaves } = this.#options
    for (const question of this.#open) {
      if (question.isShared || performance.now() - question.sinceMs < ASK_AGAIN_MS) continue
      question.isShared = true
      const missing = question.leaves.filter((leaf) => !leaves.isHere(leaf))
      if (missing.length > 0) return { leaves: missing, sinceMs: performance.now(), isShared: true }
    }
    return undefined
  }

  /** Whether the peer answered. */
  async #tryToAsk(peer: Peer, question: Question): Promise<boolean> {
    this.#open.add(question)
    try {
      await this.#ask(peer, question)
      return true
    } catch (error) {
      if (this.#signal.aborted) return false
      this.#owed.push(...question.leaves)
      if (error instanceof JzfsError && error.details['peer'] !== undefined) this.#options.failures.push(error)
      else {
        this.fault = error
        this.#stop()
      }
      return false
    } finally {
      this.#open.delete(question)
    }
  }

  async #ask(peer: Peer, { leaves: asked }: Question): Promise<void> {
    const { leaves, idleTimeoutMs } = this.#options
    const duplex = await openSyncStream(peer, { signal: this.#signal })
    const wants = asked.map((leaf) => leaves.cid(leaf))
    const onBlock = (block: Block): Promise<unknown> => this.#keep(block)
    await receiveOnly(duplex, wants, { label: peer.label, idleTimeoutMs, signal: this.#signal, onBlock })
  }

  async #keep(block: Block): Promise<void> {
    const { leaves, pack, onLeaf } = this.#options
    const leaf = leaves.find(block.cid.multihash.digest)
    if (leaves.isHere(leaf)) return
    leaves.arrived(leaf, block.bytes.length)
    pack.add(block)
    onLeaf(block.bytes.length)
    if (leaves.here === leaves.count) this.#stop()
    // A pack is drained by one at a time.
    this.#drained = this.#drained.then(() => pack.drain())
    await this.#drained
  }
}
