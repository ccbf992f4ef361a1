import { ConflictError, IntegrityError } from '../../model/errors.ts'
import type { IpnsRecord } from './ipns-record.ts'

/** What is remembered of a name: the highest sequence seen, and what it said. */
export interface SeenRecord {
  sequence: bigint
  value: string
  /** End of life, as the record wrote it. */
  validity: string
}

/** What a record is beside what was seen: the first or a `newer` one, the `same`, or the same signed again. */
export type RecordJudgement = 'newer' | 'same' | 'republication'

/**
 * Judges a valid record against what was seen of its name: a node never goes back.
 *
 * Equal sequence and value with a later end of life is a republication (Kubo does that). IntegrityError
 * `record-older-than-seen` for a lower sequence, ConflictError `record-fork` for the same sequence with another value
 * (details of both: `name`, `seen`, `given`).
 */
export function judgeRecord(seen: SeenRecord | undefined, record: IpnsRecord): RecordJudgement {
  if (seen === undefined || record.sequence > seen.sequence) return 'newer'
  if (record.sequence < seen.sequence) throw olderThanSeen(seen, record)
  if (record.value !== seen.value) throw fork(seen, record)
  return record.expires.getTime() > new Date(seen.validity).getTime() ? 'republication' : 'same'
}

/** What is said of the record of a fork that the user decided against: IntegrityError `record-set-aside`. */
export function recordSetAside(seen: SeenRecord, record: IpnsRecord): IntegrityError {
  const message = `at sequence ${record.sequence} of ${record.name} you took ${seen.value}, not ${record.value}`
  return new IntegrityError('record-set-aside', message, {
    hint: `ask another peer, or take the other one: \`jzfs name accept ${record.name} ${record.cid.toString()}\``,
    details: details(seen, record),
  })
}

/** What is said of a record that would lead back: IntegrityError `record-older-than-seen` (details as of `judgeRecord`). */
export function olderThanSeen(seen: SeenRecord, record: IpnsRecord): IntegrityError {
  const message = `the record given for ${record.name} has sequence ${record.sequence}, but ${seen.sequence} was seen`
  return new IntegrityError('record-older-than-seen', message, {
    hint: 'the peer is behind, or someone wants to take you back: ask another peer',
    details: details(seen, record),
  })
}

function fork(seen: SeenRecord, record: IpnsRecord): ConflictError {
  const message = `${record.name} has two values at sequence ${record.sequence}: ${seen.value} and ${record.value}`
  return new ConflictError('record-fork', message, {
    hint: `its key is used in two places, or was stolen: ask its owner; \`jzfs name forks ${record.name}\` shows both records, \`jzfs name accept ${record.name} CID\` takes one`,
    details: details(seen, record),
  })
}

function details(seen: SeenRecord, { name, sequence, value, validity }: IpnsRecord): Record<string, unknown> {
  return {
    name,
    seen: { sequence: seen.sequence.toString(), value: seen.value, validity: seen.validity },
    given: { sequence: sequence.toString(), value, validity },
  }
}
