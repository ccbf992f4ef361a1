import type { CID } from 'multiformats/cid'

import { ConflictError, InvalidError } from '../../model/errors.ts'
import { createRecord, type IpnsRecord, RECORD_LIFETIME_MS } from './ipns-record.ts'
import type { SeenFile } from './seen-file.ts'

/** What an own name shall mean. */
export interface PublishRequest {
  /** libp2p's protobuf, as Kubo exports it. */
  privateKey: Uint8Array
  cid: CID
  now: Date
  /**
   * Records of this name that were found elsewhere: where ours are lost, the sequence goes on from theirs. Those that are no
   * good records are passed over.
   */
  found?: readonly Uint8Array[]
  /** Default: RECORD_LIFETIME_MS and RECORD_TTL_MS. */
  lifetimeMs?: number | undefined
  ttlMs?: number | undefined
  /** The sequence it shall have: one that is higher than all that was seen. */
  sequence?: bigint | undefined
  /** Whether the record is only signed again for a longer life, and nobody decided anything. */
  again?: boolean | undefined
}

/** The highest sequence there is: 64 bits. */
const MAX_SEQUENCE = (1n << 64n) - 1n

/**
 * Signs the next record of an own name, or returns the `newest` one where that says the same and lives longer.
 *
 * Throws ConflictError `own-name-ahead` and `sequence-exhausted`, InvalidError `sequence-not-higher` (details: `name`,
 * `seen`).
 */
export async function signNext(
  name: string,
  request: PublishRequest,
  seen: SeenFile | undefined,
  newest: IpnsRecord | undefined,
): Promise<IpnsRecord> {
  const { privateKey, cid, now, lifetimeMs, ttlMs, again = false } = request
  const isSame = seen?.value === `/ipfs/${cid.toV1().toString()}`
  if (seen !== undefined && isAhead(seen) && !isSame) throw ownNameAhead(name, seen)
  const lowest = seen === undefined ? 0n : seen.sequence + (isSame ? 0n : 1n)
  const sequence = request.sequence ?? lowest
  if (sequence < lowest) throw sequenceNotHigher(name, sequence, seen)
  const make = (at: bigint): Promise<IpnsRecord> => {
    if (at > MAX_SEQUENCE) throw sequenceExhausted(name)
    return createRecord({ privateKey, cid, sequence: at, now, lifetimeMs, ttlMs })
  }
  const livesShorter = isSame && now.getTime() + (lifetimeMs ?? RECORD_LIFETIME_MS) < new Date(seen.validity).getTime()
  if (!livesShorter || sequence > seen.sequence) return make(sequence)
  // At one sequence the longer life counts. Where the clock went back, the record that there is will do; where somebody
  // asks for a shorter life, that takes the next sequence.
  if ((again || lifetimeMs === undefined) && newest?.sequence === sequence) return newest
  return make(again ? sequence : sequence + 1n)
}

/** Whether the key of an own name was used elsewhere since this home signed. */
export function isAhead({ sequence, signed }: Pick<SeenFile, 'sequence' | 'signed'>): boolean {
  return signed !== undefined && sequence > signed
}

/** What is said of an own name that went on elsewhere: ConflictError `own-name-ahead` (details: `name`, `seen`, `signed`). */
export function ownNameAhead(name: string, seen: Omit<SeenFile, 'forks'>): ConflictError {
  const from = seen.from === undefined ? '' : ` (from ${seen.from})`
  const message = `${name} went on elsewhere: to ${seen.value} at sequence ${seen.sequence}${from}, while ${seen.signed} was signed here`
  const cid = seen.value.replace('/ipfs/', '')
  return new ConflictError('own-name-ahead', message, {
    hint: `its key is used in two places, or this home is an older backup: look at that, then take it over with \`jzfs name accept ${name} ${cid}\` and publish again`,
    details: { name, seen: { sequence: seen.sequence.toString(), value: seen.value }, signed: seen.signed?.toString() },
  })
}

function sequenceNotHigher(name: string, sequence: bigint, seen: SeenFile | undefined): InvalidError {
  return new InvalidError(
    'sequence-not-higher',
    `${name} was seen at sequence ${seen?.sequence}: ${sequence} is not higher`,
    {
      hint: 'others refuse to go back: give a higher one, or leave --sequence out',
      details: { name, seen: seen?.sequence.toString() },
    },
  )
}

function sequenceExhausted(name: string): ConflictError {
  return new ConflictError('sequence-exhausted', `${name} was seen at the highest sequence that there is`, {
    hint: 'its key was used with a sequence of its own choice: publish under another name',
    details: { name },
  })
}
