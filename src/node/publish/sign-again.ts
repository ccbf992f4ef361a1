import type { AbortOptions } from '../../model/block.ts'
import { JzfsError } from '../../model/errors.ts'
import { type IpnsRecord, RECORD_LIFETIME_MS } from '../../sync/names/ipns-record.ts'
import { openKnownNames } from '../../sync/names/known-names.ts'
import { isAhead, ownNameAhead } from '../../sync/names/own-record.ts'
import { recallNames } from '../../sync/names/recall-names.ts'
import type { RecordSource } from '../../sync/names/record-carrier.ts'
import type { Home } from '../home/home.ts'
import { type NamedKey, publishedRefsOf, type RegisteredRepository } from '../home/repository-registry.ts'
import { listOwnNames } from '../names/own-names.ts'
import { openHomeNames } from './home-names.ts'
import { isPastHalfLife } from './sign-record.ts'

export interface SignAgainOptions extends AbortOptions {
  command: string
  now: Date
  /** Who is asked first whether a name went on elsewhere (default: nobody). */
  sources?: readonly RecordSource[]
  /** Told of a name that went on elsewhere (`own-name-ahead`), or has a fork: its record is signed again all the same. */
  onProblem?: ((error: JzfsError) => void) | undefined
}

/**
 * Signs the records of published branches, repositories and names again that have less than half of their life before them.
 * Value and sequence stay, those of the newest record that is found: where a key is used in two places, the newer state of
 * the other one is not overwritten. Throws ConflictError `locked`.
 */
export async function signAgain(home: Home, options: SignAgainOptions): Promise<IpnsRecord[]> {
  const { command, now, signal } = options
  const names = openKnownNames(home.layout.names)
  const signed: IpnsRecord[] = []
  for (const { key, name, lifetimeMs, ttlMs } of signingKeys(home)) {
    const record = await names.record(name)
    const privateKey = home.keys.read(key)?.protobuf
    if (record === undefined || privateKey === undefined || !isPastHalfLife(record, now, lifetimeMs)) continue
    await lookElsewhere(home, name, options)
    const lock = await home.lock({ command, signal })
    try {
      // It may have been published meanwhile.
      const newest = (await names.record(name)) ?? record
      signed.push(await names.publish({ privateKey, cid: newest.cid, now, lifetimeMs, ttlMs, again: true }))
    } finally {
      lock.release()
    }
  }
  return signed
}

/** A key of which records are signed, and how. */
export interface SigningKey extends NamedKey {
  lifetimeMs: number
  ttlMs?: number
}

/** All keys that sign for something published. */
function signingKeys(home: Home): SigningKey[] {
  const keys = home.repositories.list().flatMap(keysOf)
  return [...keys.map((each) => ({ ...each, lifetimeMs: RECORD_LIFETIME_MS })), ...listOwnNames(home)]
}

/** The keys that sign for a repository. */
export function keysOf(registered: RegisteredRepository): NamedKey[] {
  const { manifest } = registered
  const refs = publishedRefsOf(registered).flatMap(({ key, name }) =>
    key === undefined || name === undefined ? [] : [{ key, name }],
  )
  return manifest === undefined ? refs : [...refs, manifest]
}

/** Takes over what others have of a name, and says where it went on without us. */
async function lookElsewhere(
  home: Home,
  name: string,
  { command, now, signal, sources = [], onProblem }: SignAgainOptions,
): Promise<void> {
  if (sources.length === 0) return
  const names = openHomeNames(home, { command })
  try {
    await recallNames([name], sources, names, { now, signal })
    const seen = await names.seen(name)
    if (seen !== undefined && isAhead(seen)) onProblem?.(ownNameAhead(name, seen))
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code === 'locked') throw error
    onProblem?.(error)
  }
}
