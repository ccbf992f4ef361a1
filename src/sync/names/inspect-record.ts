import { base64 } from 'multiformats/bases/base64'

import { IntegrityError, InvalidError, JzfsError } from '../../model/errors.ts'
import { decodeRecordEntry, type RecordEntry } from './record-entry.ts'
import { contradictionOf, nameOfPublicKey, readSigned, verifyRecord } from './verify-record.ts'

/** Everything that a record says, believed or not. */
export interface RecordInspection {
  /** What is signed: the value (any path), sequence, end of life, and how long it may be used unasked. */
  value: string
  sequence: bigint
  validity: string
  validityType: 'EOL'
  ttlNs: bigint
  /** Which signatures it has: `V2`, or `V1+V2` as Kubo makes them by default. */
  signatures: 'V2' | 'V1+V2'
  /** In multibase (base64). */
  signatureV1: string | undefined
  signatureV2: string
  /** The IPNS name of the public key that the record carries, where it carries one (RSA). */
  publicKeyName: string | undefined
  sizeBytes: number
  /** The field of the first version that does not say what is signed, where there is one: such a record is refused. */
  contradiction: string | undefined
  /** Whether the key of the name that was asked for signed it; undefined where none was. */
  validation: { name: string; valid: boolean; reason: string | undefined } | undefined
}

/**
 * Takes a record apart, as `ipfs name inspect` does, and, given a name, says whether that name's key signed it. Of an expired
 * record that is true as well. Throws IntegrityError `record-invalid` for what is no record with a second signature.
 */
export async function inspectRecord(bytes: Uint8Array, name?: string): Promise<RecordInspection> {
  const entry = decodeRecordEntry(bytes)
  const { signatureV2, data } = entry ?? {}
  if (entry === undefined || signatureV2 === undefined || data === undefined) throw noRecord()
  const signed = readSignedOf(entry)
  const { value, sequence, validity, ttlNs } = signed
  return {
    value,
    sequence,
    validity,
    validityType: 'EOL',
    ttlNs,
    signatures: entry.signatureV1 === undefined ? 'V2' : 'V1+V2',
    signatureV1: entry.signatureV1 && base64.encode(entry.signatureV1),
    signatureV2: base64.encode(signatureV2),
    publicKeyName: entry.publicKey && (await nameOfPublicKey(entry.publicKey)),
    sizeBytes: bytes.length,
    contradiction: contradictionOf(entry, signed),
    validation: name === undefined ? undefined : await validate(name, bytes),
  }
}

function readSignedOf(entry: RecordEntry): ReturnType<typeof readSigned> {
  try {
    return readSigned('it', entry)
  } catch (error) {
    throw error instanceof JzfsError ? noRecord(error) : error
  }
}

async function validate(name: string, bytes: Uint8Array): Promise<NonNullable<RecordInspection['validation']>> {
  try {
    const { name: canonical } = await verifyRecord(name, bytes)
    return { name: canonical, valid: true, reason: undefined }
  } catch (error) {
    if (!(error instanceof JzfsError) || error instanceof InvalidError) throw error
    return { name, valid: false, reason: error.message }
  }
}

function noRecord(cause?: unknown): IntegrityError {
  return new IntegrityError('record-invalid', 'this is no IPNS record with a signature of version 2', {
    hint: 'give one as `jzfs name export` or `ipfs name get` writes it',
    cause,
  })
}
