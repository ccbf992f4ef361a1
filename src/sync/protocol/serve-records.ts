import type { Exchange, ServedSync } from './exchange.ts'
import type { Fields } from './messages/message-frame.ts'
import { decodeRecordsRequest, encodeRecordsAnswer, type SentRecord } from './messages/records-message.ts'

/** Answers which records of some names the asker may have: what is not there and what is not for it are left out alike. */
export async function serveRecords({ offer, send }: Exchange, fields: Fields): Promise<ServedSync> {
  const records: SentRecord[] = []
  for (const name of new Set(decodeRecordsRequest(fields))) {
    const record = await offer.record?.(name)
    if (record !== undefined) records.push({ name, record })
  }
  const bytes = encodeRecordsAnswer(records)
  await send(bytes)
  return { kind: 'records', refused: undefined, wants: [], blocks: 0, bytes: bytes.length }
}
