import { unmarshalIPNSRecord } from 'ipns'

import { nameOfRoutingKey } from '../../../sync/names/ipns-name.ts'
import { recordInvalid, verifyRecord } from '../../../sync/names/verify-record.ts'

/** Refuses what the DHT gives for a name where its key did not sign it, or its life is over: the rules of `verifyRecord`. */
export async function validateRecord(key: Uint8Array, bytes: Uint8Array): Promise<void> {
  const name = nameOfRoutingKey(key)
  if (name === undefined) throw recordInvalid('a key of the DHT', 'that is no name')
  const { expires } = await verifyRecord(name, bytes)
  if (expires.getTime() <= Date.now()) throw recordInvalid(name, 'its life is over')
}

/** Which of several valid records of a name is the newest: by sequence, then by the end of life. Its place in the list. */
export function selectRecord(_key: Uint8Array, records: readonly Uint8Array[]): number {
  const read = records.map((bytes, at) => {
    const { sequence, validity } = unmarshalIPNSRecord(bytes)
    return { at, sequence, expires: Date.parse(validity) }
  })
  const [newest] = read.toSorted((a, b) =>
    a.sequence === b.sequence ? b.expires - a.expires : a.sequence > b.sequence ? -1 : 1,
  )
  return newest?.at ?? 0
}
