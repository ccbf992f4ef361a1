import type { CID } from 'multiformats/cid'

import { type IpnsRecord, RECORD_LIFETIME_MS } from '../../sync/names/ipns-record.ts'
import { openKnownNames } from '../../sync/names/known-names.ts'
import type { Ed25519Key } from '../home/ed25519-key.ts'
import type { Home } from '../home/home.ts'

/** A record, and whether it had to be made. */
export interface SignedRecord {
  record: IpnsRecord
  isNew: boolean
}

/**
 * Signs a record, unless the newest says the same and has more than half of its life before it. The caller holds the
 * home's lock. Throws what `KnownNames.publish` throws.
 */
export async function signRecord(home: Home, key: Ed25519Key, cid: CID, now: Date): Promise<SignedRecord> {
  const names = openKnownNames(home.layout.names)
  const newest = await names.record(key.name)
  if (newest?.cid.equals(cid) === true && !isPastHalfLife(newest, now)) return { record: newest, isNew: false }
  return { record: await names.publish({ privateKey: key.protobuf, cid, now }), isNew: true }
}

/** Whether a record has less than half of its life before it. */
export function isPastHalfLife({ expires }: IpnsRecord, now: Date, lifetimeMs: number = RECORD_LIFETIME_MS): boolean {
  return expires.getTime() - now.getTime() < lifetimeMs / 2
}
