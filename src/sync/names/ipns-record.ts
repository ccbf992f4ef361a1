import { CID } from 'multiformats/cid'

import { IntegrityError, InvalidError } from '../../model/errors.ts'
import { ipnsMultihash, parseIpnsName } from './ipns-name.ts'

/** How long a record is valid after it was signed: 7 days. */
export const RECORD_LIFETIME_MS = 604_800_000

/** How long others may use a record without looking for a newer one: 60 s. */
const RECORD_TTL_MS = 60_000

/** Bytes of a record, as the IPNS specification limits them. */
const MAX_RECORD_BYTES = 10_240

/** A signed statement of what a name means (https://specs.ipfs.tech/ipns/ipns-record/). */
export interface IpnsRecord {
  /** The name that signed it, `k51…`. */
  name: string
  /** What the name means: `/ipfs/<cid>`. */
  value: string
  /** The CID in the value. */
  cid: CID
  sequence: bigint
  /** The end of life as the record writes it (RFC 3339, UTC). */
  validity: string
  expires: Date
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
  lifetimeMs?: number
}

/** Signs a record: V2 only, value `/ipfs/<cid>`, valid from `now` on for RECORD_LIFETIME_MS, TTL 60 s. */
export async function createRecord({
  privateKey,
  cid,
  sequence,
  now,
  lifetimeMs = RECORD_LIFETIME_MS,
}: NewRecord): Promise<IpnsRecord> {
  const { createIPNSRecordWithExpiration, marshalIPNSRecord } = await import('ipns')
  const key = await readPrivateKey(privateKey)
  const validity = new Date(now.getTime() + lifetimeMs).toISOString()
  const options = { v1Compatible: false as const, ttlNs: BigInt(RECORD_TTL_MS) * 1_000_000n }
  const record = await createIPNSRecordWithExpiration(
    key,
    `/ipfs/${cid.toV1().toString()}`,
    sequence,
    validity,
    options,
  )
  return openRecord(parseIpnsName(key.publicKey.toString()), marshalIPNSRecord(record))
}

/** The name of a private key in libp2p's protobuf. Throws InvalidError `key-invalid`. */
export async function nameOfKey(privateKey: Uint8Array): Promise<string> {
  return parseIpnsName((await readPrivateKey(privateKey)).publicKey.toString())
}

/**
 * Reads a record that somebody gave for a name, and checks all but its age: see `checkNotExpired`. IntegrityError
 * `record-forged` where the name's key did not sign it, `record-invalid` where it is no record of ours: another
 * format, larger than 10 KiB, or a value other than `/ipfs/<cid>` (details: `name`).
 */
export async function openRecord(name: string, bytes: Uint8Array): Promise<IpnsRecord> {
  const canonical = parseIpnsName(name)
  if (bytes.length > MAX_RECORD_BYTES) throw invalidRecord(canonical, `it is larger than ${MAX_RECORD_BYTES} bytes`)
  const fields = await readFields(canonical, bytes)
  const expires = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(fields.validity)
    ? new Date(fields.validity)
    : NaN
  if (Number.isNaN(Number(expires))) throw invalidRecord(canonical, 'its end of life is no time')
  const cid = readValue(canonical, fields.value)
  const { value, sequence, validity } = fields
  return { name: canonical, value, cid, sequence, validity, expires: new Date(expires), bytes }
}

/** Refuses a record whose life is over: IntegrityError `record-expired` (details: `name`, `expired`). */
export function checkNotExpired({ name, expires }: IpnsRecord, now: Date): void {
  if (expires.getTime() > now.getTime()) return
  throw new IntegrityError('record-expired', `the record of ${name} was valid until ${expires.toISOString()}`, {
    hint: 'its owner has not signed a newer one, or it did not get here: try another peer, or accept it with --allow-expired',
    details: { name, expired: expires.toISOString() },
  })
}

interface RecordFields {
  value: string
  validity: string
  sequence: bigint
}

async function readFields(name: string, bytes: Uint8Array): Promise<RecordFields> {
  const { extractPublicKeyFromIPNSRecord, unmarshalIPNSRecord } = await import('ipns')
  const { publicKeyFromMultihash } = await import('@libp2p/crypto/keys')
  const multihash = ipnsMultihash(name)
  try {
    const record = unmarshalIPNSRecord(bytes)
    const key =
      multihash.code === 0
        ? publicKeyFromMultihash(multihash as Parameters<typeof publicKeyFromMultihash>[0])
        : extractPublicKeyFromIPNSRecord(record)
    if (key === undefined || parseIpnsName(key.toString()) !== name) throw forgedRecord(name)
    const signed = Buffer.concat([Buffer.from('ipns-signature:'), record.data])
    if (!(await key.verify(signed, record.signatureV2))) throw forgedRecord(name)
    return record
  } catch (error) {
    if (error instanceof IntegrityError) throw error
    throw invalidRecord(name, error instanceof Error ? error.message : 'it cannot be read', error)
  }
}

function readValue(name: string, value: string): CID {
  const [, text = ''] = /^\/ipfs\/([^/]+)\/?$/.exec(value) ?? []
  try {
    return CID.parse(text)
  } catch {
    throw invalidRecord(name, `its value ${JSON.stringify(value.slice(0, 200))} is not /ipfs/<cid>`)
  }
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

function forgedRecord(name: string): IntegrityError {
  return new IntegrityError('record-forged', `the record given for ${name} was not signed by its key`, {
    hint: 'do not use what gave it',
    details: { name },
  })
}

function invalidRecord(name: string, problem: string, cause?: unknown): IntegrityError {
  return new IntegrityError('record-invalid', `the record given for ${name} cannot be used: ${problem}`, {
    hint: 'ask another peer, or the owner of the name',
    cause,
    details: { name },
  })
}
