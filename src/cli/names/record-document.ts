import type { IpnsRecord } from '../../sync/names/ipns-record.ts'
import type { SeenName } from '../../sync/names/known-names.ts'
import { durationText } from '../duration.ts'

/** What a record says, as `--json` shows it. */
export function recordDocument({ name, value, cid, sequence, validity, ttlNs }: IpnsRecord): Record<string, unknown> {
  return { name, value, cid, sequence, validity, ttlNs }
}

/** What a record says of itself, for people: in one line. */
export function recordLine({ sequence, expires, ttlNs }: Pick<IpnsRecord, 'sequence' | 'expires' | 'ttlNs'>): string {
  const ttl = ttlNs === 0n ? '' : `, TTL ${durationText(Number(ttlNs / 1_000_000n))}`
  return `sequence ${sequence}, valid until ${expires.toISOString()}${ttl}`
}

/** Who gave a record that a home has. */
export function giverText({ from, signed, sequence }: Pick<SeenName, 'from' | 'signed' | 'sequence'>): string {
  if (from !== undefined) return from
  return signed === sequence ? 'signed here' : 'not noted'
}
