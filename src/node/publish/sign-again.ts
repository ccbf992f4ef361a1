import type { AbortOptions } from '../../model/block.ts'
import { type IpnsRecord, RECORD_LIFETIME_MS } from '../../sync/names/ipns-record.ts'
import { openKnownNames } from '../../sync/names/known-names.ts'
import type { Home } from '../home/home.ts'
import { type NamedKey, publishedRefsOf, type RegisteredRepository } from '../home/repository-registry.ts'
import { listOwnNames } from '../names/own-names.ts'
import { isPastHalfLife } from './sign-record.ts'

/**
 * Signs the records of published branches, repositories and names again that have less than half of their life before them.
 * Value and sequence stay, those of the newest record that was seen: where a key is used in two places, the newer state of
 * the other one is not overwritten. Throws ConflictError `locked`.
 */
export async function signAgain(
  home: Home,
  { command, now, signal }: AbortOptions & { command: string; now: Date },
): Promise<IpnsRecord[]> {
  const names = openKnownNames(home.layout.names)
  const signed: IpnsRecord[] = []
  for (const { key, name, lifetimeMs, ttlMs } of signingKeys(home)) {
    const record = await names.record(name)
    const privateKey = home.keys.read(key)?.protobuf
    if (record === undefined || privateKey === undefined || !isPastHalfLife(record, now, lifetimeMs)) continue
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
export function signingKeys(home: Home): SigningKey[] {
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
