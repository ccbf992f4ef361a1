import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import { ConflictError, NotFoundError } from '../../model/errors.ts'
import { writeFileDurably } from '../../store/durable.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import { parseIpnsName } from './ipns-name.ts'
import { checkNotExpired, type IpnsRecord, nameOfKey, openRecord, reopenRecord } from './ipns-record.ts'
import { type PublishRequest, signNext } from './own-record.ts'
import { judgeRecord, type RecordJudgement, recordSetAside, type SeenRecord } from './record-judgement.ts'
import { type ForkEvidence, formatSeen, parseSeen, type SeenFile } from './seen-file.ts'

export type { PublishRequest } from './own-record.ts'

/** What a home remembers of names: its own and those that it follows. */
export interface KnownNames {
  /** The newest record that was accepted; undefined where there is none. It may have expired. */
  record(name: string): Promise<IpnsRecord | undefined>
  /** What was seen of a name, which outlives its record. */
  seen(name: string): Promise<SeenName | undefined>
  /** The records of the forks of a name, the newest sequence first. */
  forks(name: string): Promise<ForkedRecord[]>
  /** Every name of which something is known, sorted. */
  list(): Promise<string[]>
  /**
   * Checks a record that somebody gave, and remembers it. Throws what `openRecord` and `judgeRecord` throw, and
   * IntegrityError `record-expired` unless `allowExpired`. The records of a fork are both kept, as evidence;
   * IntegrityError `record-set-aside` for one that the user decided against.
   */
  accept(name: string, bytes: Uint8Array, options: AcceptOptions): Promise<AcceptedRecord>
  /**
   * Takes one value as the right one, of those that were seen of a name at its newest sequence: that settles a fork, and
   * lets this home sign on after another place did. NotFoundError `value-not-seen` (details: `name`, `seen`).
   */
  choose(name: string, cid: CID): Promise<IpnsRecord>
  /**
   * Makes the next record of an own name. The sequence is raised where the value changes, and kept where the record is
   * only signed again; it is durable before the record is returned, so that none leaves that could be forgotten.
   *
   * Never signs below or beside what was seen or `found`: ConflictError `own-name-ahead` where the key was used elsewhere
   * since this home signed (or the home was put back from a backup), `record-fork`, `sequence-not-higher`.
   */
  publish(request: PublishRequest): Promise<IpnsRecord>
}

/** What is remembered of a name, without the evidence of forks. */
export type SeenName = SeenRecord & Pick<SeenFile, 'from' | 'signed' | 'settled'>

/** One record of a fork. */
export interface ForkedRecord {
  record: IpnsRecord
  from: string | undefined
  /** Whether the home goes by this one. False for all where a newer sequence has settled it. */
  isKept: boolean
}

export interface AcceptOptions {
  now: Date
  /** Takes a record whose life is over. */
  allowExpired?: boolean | undefined
  /** Who gave it. */
  from?: string | undefined
}

/** A record that was accepted, and what it is beside the one before. */
export interface AcceptedRecord {
  record: IpnsRecord
  judgement: RecordJudgement
}

/**
 * Opens what is remembered in `directory` (the home's `names`): `NAME.record` holds the newest record, `NAME.seen` what
 * `seen-file.ts` says.
 *
 * Files are replaced durably. The caller holds the home's lock while it calls `accept`, `choose` and `publish`. Every
 * method throws InvalidError `ipns-name-invalid` and IntegrityError `seen-corrupt` (details: `path`).
 */
export function openKnownNames(directory: string): KnownNames {
  return new NameFolder(directory)
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

  async seen(name: string): Promise<SeenName | undefined> {
    const seen = await this.#seen(name)
    if (seen === undefined) return undefined
    const { forks: _forks, ...rest } = seen
    return rest
  }

  async forks(name: string): Promise<ForkedRecord[]> {
    const seen = await this.#seen(name)
    const found: ForkedRecord[] = []
    for (const { record: text, from } of seen?.forks ?? []) {
      const record = await openRecord(name, Buffer.from(text, 'base64')).catch(() => undefined)
      if (record === undefined) continue
      found.push({ record, from, isKept: record.sequence === seen?.sequence && record.value === seen.value })
    }
    return found.sort((a, b) => Number(b.record.sequence - a.record.sequence))
  }

  async list(): Promise<string[]> {
    const files = await readdir(this.#directory).catch((error: unknown) => {
      if (fsErrorCode(error) === 'ENOENT') return []
      throw explainFsError(error, this.#directory)
    })
    const names = files.flatMap((file) => /^(k[0-9a-z]+)\.(?:seen|record)$/.exec(file)?.[1] ?? [])
    return [...new Set(names)].sort()
  }

  async accept(name: string, bytes: Uint8Array, options: AcceptOptions): Promise<AcceptedRecord> {
    const { now, allowExpired = false, from } = options
    const kept = await readIfThere(this.#path(name, 'record'))
    // Only what was verified is kept: from a peer that has nothing new the same bytes come again and again.
    const isKept = kept !== undefined && kept.equals(bytes)
    const record = isKept ? reopenRecord(name, bytes) : await openRecord(name, bytes)
    const seen = await this.#seen(name)
    const judgement = await this.#judge(seen, record, from)
    if (!allowExpired) checkNotExpired(record, now)
    if (judgement !== 'same') await this.#remember(record, { ...seen, from })
    else if (!isKept && (await this.record(name)) === undefined) await this.#writeRecord(record)
    return { record, judgement }
  }

  async choose(name: string, cid: CID): Promise<IpnsRecord> {
    const seen = await this.#seen(name)
    const newest = await this.record(name)
    const forks = await this.forks(name)
    const candidates = [...forks, ...(newest === undefined ? [] : [{ record: newest, from: seen?.from }])]
    const current = candidates.filter(({ record }) => record.sequence === seen?.sequence)
    const chosen = current.find(({ record }) => record.cid.toV1().equals(cid.toV1()))
    if (seen === undefined || chosen === undefined) throw valueNotSeen(name, cid, current)
    const { sequence, signed } = seen
    const taken = { ...seen, from: chosen.from, settled: sequence, signed: signed === undefined ? undefined : sequence }
    await this.#remember(chosen.record, taken)
    return chosen.record
  }

  async publish(request: PublishRequest): Promise<IpnsRecord> {
    const name = await nameOfKey(request.privateKey)
    let seen = await this.#seen(name)
    for (const bytes of request.found ?? []) {
      // What a peer gives that is no good record says nothing about the sequence.
      const record = await openRecord(name, bytes).catch(() => undefined)
      if (record === undefined || (seen !== undefined && record.sequence < seen.sequence)) continue
      if ((await this.#judgeOwn(seen, record)) === 'newer') seen = await this.#remember(record, { ...seen })
    }
    const newest = await this.record(name)
    const signed = await signNext(name, request, seen, newest)
    if (signed === newest) return signed
    // Whoever only signs again has not looked at what another place said.
    const own = request.again === true ? seen?.signed : signed.sequence
    await this.#remember(signed, { ...seen, from: undefined, signed: own })
    return signed
  }

  async #judge(seen: SeenFile | undefined, record: IpnsRecord, from: string | undefined): Promise<RecordJudgement> {
    try {
      return judgeRecord(seen, record)
    } catch (error) {
      if (seen === undefined || !(error instanceof ConflictError)) throw error
      if (seen.settled === record.sequence) throw recordSetAside(seen, record)
      await this.#keepEvidence(seen, record, from)
      throw error
    }
  }

  /** A fork that was settled does not keep its owner from signing on. */
  async #judgeOwn(seen: SeenFile | undefined, record: IpnsRecord): Promise<RecordJudgement> {
    const isSettled = seen !== undefined && seen.settled === record.sequence && seen.sequence === record.sequence
    return isSettled ? 'same' : this.#judge(seen, record, undefined)
  }

  /** Both sides of a fork, the one that the home had first. */
  async #keepEvidence(seen: SeenFile, record: IpnsRecord, from: string | undefined): Promise<void> {
    const forks = [...seen.forks]
    const add = async (side: IpnsRecord, giver: string | undefined): Promise<void> => {
      if (forks.length >= MAX_FORKS || (await isKnown(forks, side))) return
      forks.push({ record: Buffer.from(side.bytes).toString('base64'), from: giver })
    }
    const kept = await this.record(record.name)
    if (kept?.sequence === seen.sequence) await add(kept, seen.from)
    await add(record, from)
    if (forks.length > seen.forks.length) await this.#writeSeen(record.name, { ...seen, forks })
  }

  /** First what was seen, then the record: a crash between them forgets nothing. */
  async #remember(record: IpnsRecord, more: Partial<SeenFile>): Promise<SeenFile> {
    const { sequence, value, validity } = record
    const seen = { ...more, sequence, value, validity, forks: more.forks ?? [] }
    await this.#writeSeen(record.name, seen)
    await this.#writeRecord(record)
    return seen
  }

  async #writeSeen(name: string, seen: SeenFile): Promise<void> {
    await mkdir(this.#directory, { recursive: true })
    await writeFileDurably(this.#path(name, 'seen'), formatSeen(seen))
  }

  async #writeRecord({ name, bytes }: IpnsRecord): Promise<void> {
    await mkdir(this.#directory, { recursive: true })
    await writeFileDurably(this.#path(name, 'record'), bytes)
  }

  /** What was seen; where that file is lost, what the record says. */
  async #seen(name: string): Promise<SeenFile | undefined> {
    const path = this.#path(name, 'seen')
    const bytes = await readIfThere(path)
    if (bytes !== undefined) return parseSeen(bytes.toString('utf8'), path)
    const record = await this.record(name)
    return record && { sequence: record.sequence, value: record.value, validity: record.validity, forks: [] }
  }

  #path(name: string, kind: 'record' | 'seen'): string {
    return join(this.#directory, `${parseIpnsName(name)}.${kind}`)
  }
}

/** Whether evidence of the same sequence and value is there: signed again, it is no other side. */
async function isKnown(forks: readonly ForkEvidence[], { name, sequence, value }: IpnsRecord): Promise<boolean> {
  for (const { record: text } of forks) {
    const record = await openRecord(name, Buffer.from(text, 'base64')).catch(() => undefined)
    if (record?.sequence === sequence && record.value === value) return true
  }
  return false
}

function valueNotSeen(name: string, cid: CID, current: readonly { record: IpnsRecord }[]): NotFoundError {
  const values = [...new Set(current.map(({ record }) => record.value))]
  const seen = values.length === 0 ? 'nothing' : values.join(' and ')
  return new NotFoundError('value-not-seen', `${name} was not seen to mean ${cid.toString()}, but ${seen}`, {
    hint: '`jzfs name forks NAME` shows what was seen; `jzfs name resolve NAME` asks again',
    details: { name, seen: values },
  })
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return undefined
    throw explainFsError(error, path)
  }
}
