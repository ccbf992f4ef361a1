import type { KadDHT } from '@libp2p/kad-dht'
import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../../model/block.ts'
import { UnavailableError } from '../../../model/errors.ts'
import { ipnsRoutingKey } from '../../../sync/names/ipns-name.ts'
import type { RecordCarrier } from '../../../sync/names/record-carrier.ts'
import { MAX_RECORD_BYTES } from '../../../sync/protocol/sync-limits.ts'
import { selectRecord, validateRecord } from './dht-record-rules.ts'
import { DHT_LABEL } from './discovery.ts'

/** Where the DHT is told who has a block. */
export interface Providers {
  /** Says that this node has it. Throws UnavailableError `dht-unreachable`. */
  provide(cid: CID, options?: AbortOptions): Promise<void>
}

/** Records of a name that are waited for, as Kubo does: of the twenty nodes that should have it some are gone, some behind. */
const ENOUGH_RECORDS = 16

/** How long a question to the DHT may take, and a statement to all the nodes that it concerns, in milliseconds. */
const ASK_TIMEOUT_MS = 15_000
const TELL_TIMEOUT_MS = 60_000

/** The DHT as a carrier of records, and the place to say what this node has. */
export function createDht(dht: KadDHT): RecordCarrier & Providers {
  return {
    label: DHT_LABEL,
    async resolveName(name, { signal } = {}) {
      const key = ipnsRoutingKey(name)
      const records = await Array.fromAsync(recordsOf(dht, key, within(signal, ASK_TIMEOUT_MS)))
      signal?.throwIfAborted()
      return records[selectRecord(key, records)]
    },
    async putRecord(name, bytes, { signal } = {}) {
      const events = dht.put(ipnsRoutingKey(name), bytes, { signal: within(signal, TELL_TIMEOUT_MS) })
      await countAnswers(events, 'PUT_VALUE', `the record of ${name}`, signal)
    },
    async provide(cid, { signal } = {}) {
      const events = dht.provide(cid, { signal: within(signal, TELL_TIMEOUT_MS) })
      await countAnswers(events, 'ADD_PROVIDER', `who has ${cid.toString()}`, signal)
    },
  }
}

/** The valid records that the DHT gives for a key, until there are enough, or time is up. */
async function* recordsOf(dht: KadDHT, key: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let count = 0
  try {
    // What single nodes said, not the DHT's own choice at the end: it comes only when all who were behind took the newest.
    for await (const event of dht.get(key, { signal })) {
      const bytes =
        event.name === 'PEER_RESPONSE' ? event.record?.value : event.name === 'VALUE' ? event.value : undefined
      if (bytes === undefined || bytes.length > MAX_RECORD_BYTES || !(await isValid(key, bytes))) continue
      yield bytes
      if (++count >= ENOUGH_RECORDS) return
    }
  } catch {
    // Nobody had it, or time is up: what came before is what there is.
  }
}

async function isValid(key: Uint8Array, bytes: Uint8Array): Promise<boolean> {
  try {
    await validateRecord(key, bytes)
    return true
  } catch {
    return false
  }
}

/** Says it, and throws where no node of the DHT took it. */
async function countAnswers(
  events: AsyncIterable<unknown>,
  messageName: 'PUT_VALUE' | 'ADD_PROVIDER',
  what: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  let taken = 0
  let cause: unknown
  try {
    for await (const event of events) {
      const { name, messageName: said } = event as { name: string; messageName?: string }
      if (name === 'PEER_RESPONSE' && said === messageName) taken++
    }
  } catch (error) {
    signal?.throwIfAborted()
    cause = error
  }
  if (taken > 0) return
  throw new UnavailableError('dht-unreachable', `no node of the DHT took ${what}`, {
    hint: 'check that this machine reaches the Internet, and the nodes to begin with: `jzfs config network.bootstrap`',
    cause,
    details: { peer: DHT_LABEL },
  })
}

function within(signal: AbortSignal | undefined, timeoutMs: number): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}
