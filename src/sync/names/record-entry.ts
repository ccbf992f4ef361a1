/** The fields of a record's protobuf (IpnsEntry) as they stand in it; undefined where one is not there. */
export interface RecordEntry {
  value?: Uint8Array
  signatureV1?: Uint8Array
  /** 0 is the end of life: there is no other one. */
  validityType?: bigint
  validity?: Uint8Array
  sequence?: bigint
  ttlNs?: bigint
  /** libp2p's protobuf of the public key, where the name does not hold it. */
  publicKey?: Uint8Array
  signatureV2?: Uint8Array
  /** DAG-CBOR: what the second signature is of. */
  data?: Uint8Array
}

/**
 * Takes a record's protobuf apart (https://specs.ipfs.tech/ipns/ipns-record/). Unknown fields are passed over, of a field
 * that stands twice the last one counts. Returns undefined for what is no such protobuf: cut short, or a field of another
 * kind.
 */
export function decodeRecordEntry(bytes: Uint8Array): RecordEntry | undefined {
  const entry: RecordEntry = {}
  let at = 0
  const varint = (): bigint | undefined => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) return undefined
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value >> 64n === 0n ? value : undefined
    }
    return undefined
  }
  while (at < bytes.length) {
    const tag = varint()
    if (tag === undefined) return undefined
    const [number, wireType] = [Number(tag >> 3n), Number(tag & 7n)]
    const field = FIELDS[number]
    if (field !== undefined && field.wireType !== wireType) return undefined
    if (wireType === VARINT) {
      const value = varint()
      if (value === undefined) return undefined
      if (field !== undefined) Object.assign(entry, { [field.name]: value })
    } else {
      const length = lengthOf(wireType, varint)
      if (length === undefined || at + length > bytes.length) return undefined
      if (field !== undefined) Object.assign(entry, { [field.name]: bytes.slice(at, at + length) })
      at += length
    }
  }
  return entry
}

const VARINT = 0
const BYTES = 2

const FIELDS: Record<number, { name: keyof RecordEntry; wireType: number } | undefined> = {
  1: { name: 'value', wireType: BYTES },
  2: { name: 'signatureV1', wireType: BYTES },
  3: { name: 'validityType', wireType: VARINT },
  4: { name: 'validity', wireType: BYTES },
  5: { name: 'sequence', wireType: VARINT },
  6: { name: 'ttlNs', wireType: VARINT },
  7: { name: 'publicKey', wireType: BYTES },
  8: { name: 'signatureV2', wireType: BYTES },
  9: { name: 'data', wireType: BYTES },
}

/** How many bytes a field that is no varint takes: fixed ones are of fields that are not known. */
function lengthOf(wireType: number, varint: () => bigint | undefined): number | undefined {
  if (wireType === 1) return 8
  if (wireType === 5) return 4
  if (wireType !== BYTES) return undefined
  const length = varint()
  return length === undefined || length > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(length)
}
