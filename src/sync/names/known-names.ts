import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import { ConflictError, IntegrityError } from '../../model/errors.ts'
import { writeFileDurably } from '../../store/durable.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import { parseIpnsName } from './ipns-name.ts'
import { checkNotExpired, createRecord, type IpnsRecord, nameOfKey, openRecord } from './ipns-record.ts'
import { judgeRecord, type RecordJudgement, type SeenRecord } from './record-judgement.ts'

/** What a home remembers of names: its own and those that it follows. */
export interface KnownNames {
  /** The newest record that was accepted; undefined where there is none. It may have expired. */
  record(name: string): Promise<IpnsRecord | undefined>
  /** What was seen of a name, which outlives its record. */
  seen(name: string): Promise<SeenRecord | undefined>
  /**
   * Checks a record that somebody gave, and remembers it. Throws what `openRecord` and `judgeRecord` throw, and
   * IntegrityError `record-expired` unless `allowExpired`. The records of a fork are both kept, as evidence.
   */
  accept(name: string, bytes: Uint8Array, options: AcceptOptions): Promise<AcceptedRecord>
  /**
   * Makes the next record of an own name. The sequence is raised where the value changes, and kept where the record is
   * only signed again; it is durable before the record is returned, so that none leaves that could be forgotten.
   */
  publish(request: PublishRequest): Promise<IpnsRecord>
}

interface AcceptOptions {
  now: Date
  /** Takes a record whose life is over. */
  allowExpired?: boolean | undefined
}

/** A record that was accepted, and what it is beside the one before. */
export interface AcceptedRecord {
  record: IpnsRecord
  judgement: RecordJudgement
}

interface PublishRequest {
  /** libp2p's protobuf, as Kubo exports it. */
  privateKey: Uint8Array
  cid: CID
  now: Date
  /** Records of this name that were found elsewhere: where ours are lost, the sequence goes on from theirs. */
  found?: readonly Uint8Array[]
}

/**
 * Opens what is remembered in `directory` (the home's `names`): `NAME.record` holds the newest record, `NAME.seen` JSON
 * with `sequence` (a decimal text), `value`, `validity` and `forks` (other records of one sequence, base64).
 *
 * Files are replaced durably. The caller holds the home's lock while it calls `accept` and `publish`. Every method
 * throws InvalidError `ipns-name-invalid` and IntegrityError `seen-corrupt` (details: `path`).
 */
export function openKnownNames(directory: string): KnownNames {
  return new NameFolder(directory)
}

interface SeenFile extends SeenRecord {
  forks: string[]
}

/** Evidence kept of one name. */
const MAX_FORKS = 16

class NameFolder implements KnownNames {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async record(name: string): Promise<IpnsRecord | undefined> {
    const bytes = await readIfThere(this.#path(name, 'record'))
    if (bytes === undefined) return undefined
    // A record that a crash or a disk spoiled is as good as none: a newer one is fetched or signed.
    return openRecord(name, bytes).catch(() => undefined)
  }

  seen(name: string): Promise<SeenRecord | undefined> {
    return this.#seen(name)
  }

  async accept(name: string, bytes: Uint8Array, { now, allowExpired = false }: AcceptOptions): Promise<AcceptedRecord> {
    const record = await openRecord(name, bytes)
    const seen = await this.#seen(name)
    const judgement = await this.#judge(seen, record)
    if (!allowExpired) checkNotExpired(record, now)
    if (judgement !== 'same') await this.#remember(record, seen)
    else if ((await this.record(name)) === undefined) await this.#writeRecord(record)
    return { record, judgement }
  }

  async publish({ privateKey, cid, now, found = [] }: PublishRequest): Promise<IpnsRecord> {
    const name = await nameOfKey(privateKey)
    const seen = await this.#seen(name)
    let highest: SeenRecord | undefined = seen
    for (const bytes of found) {
      const record = await openRecord(name, bytes)
      if (highest === undefined || record.sequence > highest.sequence) highest = record
    }
    const isSigned = highest?.value === `/ipfs/${cid.toV1().toString()}`
    const sequence = highest === undefined ? 0n : highest.sequence + (isSigned ? 0n : 1n)
    const record = await createRecord({ privateKey, cid, sequence, now })
    await this.#remember(record, seen)
    return record
  }

  async #judge(seen: SeenFile | undefined, record: IpnsRecord): Promise<RecordJudgement> {
    try {
      return judgeRecord(seen, record)
    } catch (error) {
      if (seen !== undefined && error instanceof ConflictError) await this.#keepEvidence(seen, record)
      throw error
    }
  }

  async #keepEvidence(seen: SeenFile, { name, bytes }: IpnsRecord): Promise<void> {
    const text = Buffer.from(bytes).toString('base64')
    if (seen.forks.includes(text) || seen.forks.length >= MAX_FORKS) return
    await this.#writeSeen(name, { ...seen, forks: [...seen.forks, text] })
  }

  /** First what was seen, then the record: a crash between them forgets nothing. */
  async #remember(record: IpnsRecord, before: SeenFile | undefined): Promise<void> {
    const { name, sequence, value, validity } = record
    await this.#writeSeen(name, { sequence, value, validity, forks: before?.forks ?? [] })
    await this.#writeRecord(record)
  }

  async #writeSeen(name: string, { sequence, value, validity, forks }: SeenFile): Promise<void> {
    const text = JSON.stringify({ sequence: sequence.toString(), value, validity, forks }, undefined, 2)
    await mkdir(this.#directory, { recursive: true })
    await writeFileDurably(this.#path(name, 'seen'), `${text}\n`)
  }

  async #writeRecord({ name, bytes }: IpnsRecord): Promise<void> {
    await mkdir(this.#directory, { recursive: true })
    await writeFileDurably(this.#path(name, 'record'), bytes)
  }

  /** What was seen; where that file is lost, what the record says. */
  async #seen(name: string): Promise<SeenFile | undefined> {
    const path = this.#path(name, 'seen')
    const bytes = await readIfThere(path)
    if (bytes !== undefined) return readSeen(path, bytes)
    const record = await this.record(name)
    return record && { sequence: record.sequence, value: record.value, validity: record.validity, forks: [] }
  }

  #path(name: string, kind: 'record' | 'seen'): string {
    return join(this.#directory, `${parseIpnsName(name)}.${kind}`)
  }
}

function readSeen(path: string, bytes: Uint8Array): SeenFile {
  try {
    const { sequence, value, validity, forks } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<
      string,
      unknown
    >
    const isWhole = typeof sequence === 'string' && typeof value === 'string' && typeof validity === 'string'
    if (isWhole && Array.isArray(forks))
      return { sequence: BigInt(sequence), value, validity, forks: forks.map(String) }
  } catch {
    // Said below, as for a file that is JSON of something else.
  }
  throw new IntegrityError('seen-corrupt', `what was seen of a name cannot be read: ${path}`, {
    hint: 'remove the file: it is made anew from the newest record, or from what peers say',
    details: { path },
  })
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return undefined
    throw explainFsError(error, path)
  }
}
