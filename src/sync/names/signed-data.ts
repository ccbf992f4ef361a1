import { decode } from 'cborg'
import { CID } from 'multiformats/cid'

/** What the second signature of a record is of. */
export interface SignedData {
  /** As it stands there, `/ipfs/…` or `/ipns/…`; a bare CID as `/ipfs/…`. */
  value: string
  /** The end of life as the record writes it (RFC 3339, UTC). */
  validity: string
  sequence: bigint
  /** How long others may use it without looking for a newer one, in nanoseconds; 0 where it does not say. */
  ttlNs: bigint
}

/**
 * Decodes the DAG-CBOR in a record (https://specs.ipfs.tech/ipns/ipns-record/#extensible-data-dag-cbor). Fields that are not known are
 * passed over. Throws an Error that says what is wrong.
 */
export function decodeSignedData(bytes: Uint8Array): SignedData {
  const fields = decode(bytes, { rejectDuplicateMapKeys: true }) as Partial<Record<string, unknown>> | null
  const { Value, Validity, ValidityType, Sequence, TTL = 0 } = fields ?? {}
  if (ValidityType !== 0) throw new Error('its kind of validity is not known')
  if (!(Value instanceof Uint8Array && Validity instanceof Uint8Array)) throw new Error('it lacks a value or an end')
  return {
    value: readPath(Value),
    validity: Buffer.from(Validity).toString('utf8'),
    sequence: readUnsigned64(Sequence, 'sequence'),
    ttlNs: readUnsigned64(TTL, 'TTL'),
  }
}

/** A path; records of old have a bare CID, as text or as bytes. */
function readPath(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8').trim()
  if (text.startsWith('/')) return text
  for (const read of [() => CID.decode(bytes), () => CID.parse(text)]) {
    try {
      return `/ipfs/${read().toV1().toString()}`
    } catch {
      // The other form, or none.
    }
  }
  throw new Error('its value is neither a path nor a CID')
}

function readUnsigned64(value: unknown, field: string): bigint {
  const number = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof number === 'bigint' && number >= 0n && number >> 64n === 0n) return number
  throw new Error(`its ${field} is no number of 64 bits`)
}
