import { CID } from 'multiformats/cid'

import { IntegrityError, InvalidError } from '../../model/errors.ts'
import { escapeControls } from '../../model/quote-name.ts'
import { parseIpnsName } from './ipns-name.ts'
import { readVerifiedRecord, recordInvalid, type SignedFields, verifyRecord } from './verify-record.ts'

/** How long a record is valid after it was signed: 7 days. */
export const RECORD_LIFETIME_MS = 604_800_000

/** How long others may use a record without looking for a newer one: 60 s. */
export const RECORD_TTL_MS = 60_000

/** A signed statement of what a name means (https://specs.ipfs.tech/ipns/ipns-record/). */
export interface IpnsRecord extends SignedFields {
  /** What the name means, in its one form: `/ipfs/<cid>`. */
  value: string
  /** The CID in the value. */
  cid: CID
  /** The marshalled record: what travels and what is kept. */
  bytes: Uint8Array
}

/** What a record shall say. */
export interface NewRecord {
  /** The name's private key: libp2p's protobuf, as Kubo exports it. */
  privateKey: Uint8Array
  cid: CID
  sequence: bigint
  now: Date
  lifetimeMs?: number | undefined
  ttlMs?: number | undefined
}

/**
 * Signs a record: V2 only, value `/ipfs/<cid>`, valid from `now` on for RECORD_LIFETIME_MS, TTL RECORD_TTL_MS, unless others
 * are given. Throws InvalidError `key-invalid`.
 */
export async function createRecord(record: NewRecord): Promise<IpnsRecord> {
  const { privateKey, cid, sequence, now, lifetimeMs = RECORD_LIFETIME_MS, ttlMs = RECORD_TTL_MS } = record
  const { createIPNSRecordWithExpiration, marshalIPNSRecord } = await import('ipns')
  const key = await readPrivateKey(privateKey)
  const validity = new Date(now.getTime() + lifetimeMs).toISOString()
  const options = { v1Compatible: false as const, ttlNs: BigInt(ttlMs) * 1_000_000n }
  const value = `/ipfs/${cid.toV1().toString()}`
  const signed = await createIPNSRecordWithExpiration(key, value, sequence, validity, options)
  return openRecord(parseIpnsName(key.publicKey.toString()), marshalIPNSRecord(signed))
}

/** The name of a private key in libp2p's protobuf. Throws InvalidError `key-invalid`. */
export async function nameOfKey(privateKey: Uint8Array): Promise<string> {
  return parseIpnsName((await readPrivateKey(privateKey)).publicKey.toString())
}

/**
 * Reads a record that somebody gave for a name, and checks all but its age: see `checkNotExpired`. Throws what `verifyRecord`
 * throws, IntegrityError `record-invalid` where its value is no CID, and InvalidError `record-value-unsupported` (details:
 * `name`, `value`) where it is another name, or a path below a CID: whoever asks for such a name gives the other one.
 */
export async function openRecord(name: string, bytes: Uint8Array): Promise<IpnsRecord> {
  return recordOf(await verifyRecord(name, bytes), bytes)
}

/** As `openRecord`, for a record that was opened by it before: its signature is not checked again. */
export function reopenRecord(name: string, bytes: Uint8Array): IpnsRecord {
  return recordOf(readVerifiedRecord(name, bytes), bytes)
}

function recordOf(fields: SignedFields, bytes: Uint8Array): IpnsRecord {
  const cid = readValue(fields)
  return { ...fields, value: `/ipfs/${cid.toString()}`, cid, bytes }
}

/** Refuses a record whose life is over: IntegrityError `record-expired` (details: `name`, `expired`). */
export function checkNotExpired({ name, expires }: IpnsRecord, now: Date): void {
  if (expires.getTime() > now.getTime()) return
  throw new IntegrityError('record-expired', `the record of ${name} was valid until ${expires.toISOString()}`, {
    hint: 'its owner has not signed a newer one, or it did not get here, or a clock is wrong: try another peer, or accept it with --allow-expired',
    details: { name, expired: expires.toISOString(), now: now.toISOString() },
  })
}

function readValue({ name, value }: SignedFields): CID {
  const [, scheme, text = '', rest = ''] = /^\/(ipfs|ipns)\/([^/]+)(\/.*)?$/.exec(value) ?? []
  if (scheme === 'ipns' || rest.length > 1) throw valueUnsupported(name, value, scheme === 'ipns')
  try {
    return CID.parse(text)
  } catch {
    throw recordInvalid(name, `its value ${JSON.stringify(value.slice(0, 200))} is not /ipfs/<cid>`)
  }
}

function valueUnsupported(name: string, value: string, isName: boolean): InvalidError {
  const shown = escapeControls(value.slice(0, 200))
  const problem = isName ? 'points to another name' : 'names a path below a CID'
  return new InvalidError('record-value-unsupported', `${name} ${problem}: ${shown}`, {
    hint: isName
      ? 'names are not followed to other names: give that one yourself'
      : 'the name of a dataset means a whole commit: ask the owner of the name for that',
    details: { name, value },
  })
}

async function readPrivateKey(bytes: Uint8Array) {
  const { privateKeyFromProtobuf } = await import('@libp2p/crypto/keys')
  try {
    return privateKeyFromProtobuf(bytes)
  } catch (error) {
    throw new InvalidError('key-invalid', 'the private key is not in libp2p’s protobuf form', {
      hint: 'give a key as `ipfs key export` writes it',
      cause: error,
    })
  }
}
