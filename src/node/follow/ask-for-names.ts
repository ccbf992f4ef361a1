import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import type { RecordSource } from '../../sync/names/record-carrier.ts'
import type { Peer } from '../../sync/peer.ts'
import { askRecords } from '../../sync/protocol/ask-peer.ts'
import { MAX_ASKED_NAMES } from '../../sync/protocol/sync-limits.ts'
import { eachAtMost } from './each-at-most.ts'

/** Questions that one peer which is not jzfs is asked at a time. */
const MAX_QUESTIONS = 8

/** How long one answer may take, in milliseconds. */
const ANSWER_TIMEOUT_MS = 15_000

/**
 * Asks one source for the records of many names: a peer that speaks `/jzfs/sync/1` by one question, any other name by name.
 * Gives what it has, by name; what it fails to answer is left out.
 */
export async function askForNames(
  source: RecordSource & Partial<Pick<Peer, 'openSync'>>,
  names: readonly string[],
  { signal }: AbortOptions = {},
): Promise<Map<string, Uint8Array>> {
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  const each = { signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) }
  const found = new Map<string, Uint8Array>()
  try {
    for (let at = 0; at < names.length; at += MAX_ASKED_NAMES) {
      const some = names.slice(at, at + MAX_ASKED_NAMES)
      for (const [name, record] of await askRecords(source, some, each)) found.set(name, record)
    }
    return found
  } catch (error) {
    signal?.throwIfAborted()
    if (!isFromOutside(error, each.signal)) throw error
    if (!(error instanceof JzfsError) || error.code !== 'peer-unsuitable') return found
  }
  await eachAtMost(MAX_QUESTIONS, names, async (name) => {
    try {
      const record = await source.resolveName(name, each)
      if (record !== undefined) found.set(name, record)
    } catch (error) {
      signal?.throwIfAborted()
      if (!isFromOutside(error, each.signal)) throw error
    }
  })
  return found
}

function isFromOutside(error: unknown, late: AbortSignal): boolean {
  return error instanceof JzfsError || late.aborted
}
