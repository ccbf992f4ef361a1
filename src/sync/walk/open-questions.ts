import type { CID } from 'multiformats/cid'

import { sha256 } from '../../model/cid.ts'
import { JzfsError } from '../../model/errors.ts'
import { MAX_BLOCK } from '../../model/limits.ts'
import { withIdleTimeout } from '../protocol/idle-timeout.ts'
import { closedEarly, corruptBlock, malformed, tooSlow } from '../protocol/peer-errors.ts'

/** Asks somebody for one block. What it returns is not believed; it may wait until the signal aborts. */
export type FetchBlock = (cid: CID, options: { signal: AbortSignal }) => Promise<Uint8Array>

/** A block that came and is what its CID names. */
interface FetchedBlock {
  cid: CID
  bytes: Uint8Array
}

/** Blocks that were asked for and have not come. */
export interface OpenQuestions {
  readonly count: number
  /** Bytes that are expected, as they were declared. */
  readonly bytes: number
  /** Asks for a block that counts as so many bytes until it comes. */
  ask(cid: CID, sizeBytes: number): void
  /**
   * The next block that comes, in any order. Throws IntegrityError `peer-sent-corrupt-block`, `peer-sent-malformed`,
   * UnavailableError `peer-too-slow`, `peer-closed-early`, and the signal's reason.
   */
  answer(): Promise<FetchedBlock>
}

/** How questions are asked. */
export interface QuestionOptions {
  label: string
  signal: AbortSignal
  /** How long a question may stay open before it is asked again. */
  retryMs: number
  /** How long nothing at all may come. */
  idleTimeoutMs: number
}

/** Nothing asked yet. */
export function createOpenQuestions(fetchBlock: FetchBlock, options: QuestionOptions): OpenQuestions {
  const { label, signal, idleTimeoutMs } = options
  const settled: (() => FetchedBlock)[] = []
  let wake: (() => void) | undefined
  let count = 0
  let openBytes = 0
  const settle = (sizeBytes: number, result: () => FetchedBlock): void => {
    openBytes -= sizeBytes
    settled.push(result)
    wake?.()
  }

  return {
    get count() {
      return count
    },
    get bytes() {
      return openBytes
    },
    ask(cid, sizeBytes) {
      count++
      openBytes += sizeBytes
      fetchVerified(fetchBlock, cid, options).then(
        (block) => settle(sizeBytes, () => block),
        (error: unknown) =>
          settle(sizeBytes, () => {
            throw error
          }),
      )
    },
    async answer() {
      if (settled.length === 0) {
        const woken = new Promise<void>((resolve) => (wake = resolve))
        await withIdleTimeout(woken, { idleTimeoutMs, onTimeout: () => tooSlow(label, idleTimeoutMs), signal })
      }
      count--
      return settled.shift()!()
    },
  }
}

async function fetchVerified(fetchBlock: FetchBlock, cid: CID, options: QuestionOptions): Promise<FetchedBlock> {
  const { label } = options
  const bytes = await fetchPatiently(fetchBlock, cid, options)
  if (bytes.length > MAX_BLOCK) throw malformed(label, `a block of ${bytes.length} bytes`)
  if (Buffer.compare(sha256(bytes), cid.multihash.digest) !== 0) throw corruptBlock(label, cid)
  return { cid, bytes }
}

/** Asks for one block, again every few seconds, until it comes or the signal aborts. */
async function fetchPatiently(
  fetchBlock: FetchBlock,
  cid: CID,
  { label, signal, retryMs }: QuestionOptions,
): Promise<Uint8Array> {
  for (;;) {
    const attempt = new AbortController()
    const give = (): void => attempt.abort(signal.reason)
    const timer = setTimeout(give, retryMs)
    signal.addEventListener('abort', give)
    try {
      signal.throwIfAborted()
      return await fetchBlock(cid, { signal: attempt.signal })
    } catch (error) {
      signal.throwIfAborted()
      if (attempt.signal.aborted) continue
      throw error instanceof JzfsError ? error : closedEarly(label, error)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', give)
    }
  }
}
