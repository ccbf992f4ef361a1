import type { PublicKey } from '@libp2p/interface'

import { IntegrityError } from '../../model/errors.ts'
import { ipnsMultihash, parseIpnsName } from './ipns-name.ts'
import { decodeRecordEntry, type RecordEntry } from './record-entry.ts'
import { decodeSignedData, type SignedData } from './signed-data.ts'

/** Bytes of a record, as the IPNS specification limits them. */
const MAX_RECORD_BYTES = 10_240

/** What a record says, signed by the key of its name. It may have expired, and its value may be anything. */
export interface SignedFields extends SignedData {
  /** The name that signed it, `k51…`. */
  name: string
  expires: Date
}

/**
 * Checks a record that somebody gave for a name, by the rules of the IPNS specification, and reads what is signed.
 *
 * The second signature is required, and is by the name's own key: in the name itself (Ed25519), or in the record (RSA).
 * The fields of the first version, where there are any, must say the same; their signature says nothing. IntegrityError
 * `record-forged` where the name's key did not sign it, `record-invalid` for another format, or more than 10 KiB (details
 * of both: `name`).
 */
export async function verifyRecord(name: string, bytes: Uint8Array): Promise<SignedFields> {
  const { canonical, entry, data, signatureV2 } = readEntry(name, bytes)
  const key = await keyOf(canonical, entry)
  if (!(await isSigned(key, data, signatureV2))) throw recordForged(canonical)
  return fieldsOf(canonical, entry)
}

/** Reads a record whose signatures were checked before. Throws `record-invalid` as `verifyRecord`. */
export function readVerifiedRecord(name: string, bytes: Uint8Array): SignedFields {
  const { canonical, entry } = readEntry(name, bytes)
  return fieldsOf(canonical, entry)
}

function readEntry(name: string, bytes: Uint8Array) {
  const canonical = parseIpnsName(name)
  if (bytes.length > MAX_RECORD_BYTES) throw recordInvalid(canonical, `it is larger than ${MAX_RECORD_BYTES} bytes`)
  const entry = decodeRecordEntry(bytes)
  if (entry === undefined) throw recordInvalid(canonical, 'it is no record at all')
  const { data, signatureV2 } = entry
  if (data === undefined || signatureV2 === undefined)
    throw recordInvalid(canonical, 'it has no signature of version 2')
  return { canonical, entry, data, signatureV2 }
}

function fieldsOf(canonical: string, entry: RecordEntry): SignedFields {
  const fields = readSigned(canonical, entry)
  const contradiction = contradictionOf(entry, fields)
  if (contradiction !== undefined) throw recordInvalid(canonical, `its two versions differ in "${contradiction}"`)
  return { name: canonical, ...fields }
}

/** The name of a public key in libp2p's protobuf, undefined for what is none. */
export async function nameOfPublicKey(protobuf: Uint8Array): Promise<string | undefined> {
  const { publicKeyFromProtobuf } = await import('@libp2p/crypto/keys')
  try {
    return parseIpnsName(publicKeyFromProtobuf(protobuf).toString())
  } catch {
    return undefined
  }
}

/** The first field of version 1 that does not say what is signed; undefined where none contradicts. */
export function contradictionOf(entry: RecordEntry, signed: Omit<SignedFields, 'name'>): string | undefined {
  const isCompatible = entry.signatureV1 !== undefined || entry.value !== undefined
  if (!isCompatible) return undefined
  const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8')
  if (text(entry.value).trim() !== signed.value) return 'value'
  if (text(entry.validity) !== signed.validity) return 'validity'
  if ((entry.validityType ?? 0n) !== 0n) return 'validityType'
  if ((entry.sequence ?? 0n) !== signed.sequence) return 'sequence'
  return (entry.ttlNs ?? 0n) === signed.ttlNs ? undefined : 'ttl'
}

/** Reads what the second signature is of. Throws IntegrityError `record-invalid`. */
export function readSigned(name: string, { data = new Uint8Array() }: RecordEntry): Omit<SignedFields, 'name'> {
  let fields: SignedData
  try {
    fields = decodeSignedData(data)
  } catch (error) {
    throw recordInvalid(name, error instanceof Error ? error.message : 'it cannot be read', error)
  }
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(fields.validity)
  const expires = new Date(isTime ? fields.validity : Number.NaN)
  if (Number.isNaN(expires.getTime())) throw recordInvalid(name, 'its end of life is no time')
  return { ...fields, expires }
}

/** What is said of a record that cannot be used. */
export function recordInvalid(name: string, problem: string, cause?: unknown): IntegrityError {
  return new IntegrityError('record-invalid', `the record given for ${name} cannot be used: ${problem}`, {
    hint: 'ask another peer, or the owner of the name',
    cause,
    details: { name },
  })
}

/** The key that has to have signed: the name is its multihash. */
async function keyOf(name: string, { publicKey }: RecordEntry): Promise<PublicKey> {
  const { publicKeyFromMultihash, publicKeyFromProtobuf } = await import('@libp2p/crypto/keys')
  const multihash = ipnsMultihash(name)
  try {
    const key =
      publicKey === undefined
        ? publicKeyFromMultihash(multihash as Parameters<typeof publicKeyFromMultihash>[0])
        : publicKeyFromProtobuf(publicKey)
    if (parseIpnsName(key.toString()) === name) return key
  } catch (error) {
    throw recordInvalid(
      name,
      publicKey === undefined ? 'it lacks the key of its name' : 'its key cannot be read',
      error,
    )
  }
  throw recordForged(name)
}

async function isSigned(key: PublicKey, data: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    return await key.verify(Buffer.concat([Buffer.from('ipns-signature:'), data]), signature)
  } catch {
    return false
  }
}

function recordForged(name: string): IntegrityError {
  return new IntegrityError('record-forged', `the record given for ${name} was not signed by its key`, {
    hint: 'do not use what gave it',
    details: { name },
  })
}
