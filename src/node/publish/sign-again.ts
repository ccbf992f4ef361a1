import type { AbortOptions } from '../../model/block.ts'
import type { IpnsRecord } from '../../sync/names/ipns-record.ts'
import { openKnownNames } from '../../sync/names/known-names.ts'
import type { Home } from '../home/home.ts'
import { type NamedKey, publishedRefsOf, type RegisteredRepository } from '../home/repository-registry.ts'
import { isPastHalfLife } from './sign-record.ts'

/**
 * Signs the records of published branches and repositories again that have less than half of their life before them. Value
 * and sequence stay: where a key is used in two places, the newer state of the other one is not overwritten. Throws
 * ConflictError `locked`.
 */
export async function signAgain(
  home: Home,
  options: AbortOptions & { command: string; now: Date },
): Promise<IpnsRecord[]> {
  const names = openKnownNames(home.layout.names)
  const signed: IpnsRecord[] = []
  for (const { key, name } of home.repositories.list().flatMap(keysOf)) {
    const record = await names.record(name)
    const privateKey = home.keys.read(key)?.protobuf
    if (record === undefined || privateKey === undefined || !isPastHalfLife(record, options.now)) continue
    const lock = await home.lock(options)
    try {
      // It may have been published meanwhile.
      const newest = (await names.record(name)) ?? record
      signed.push(await names.publish({ privateKey, cid: newest.cid, now: options.now }))
    } finally {
      lock.release()
    }
  }
  return signed
}

/** The keys that sign for a repository. */
export function keysOf(registered: RegisteredRepository): NamedKey[] {
  const { manifest } = registered
  const refs = publishedRefsOf(registered).flatMap(({ key, name }) =>
    key === undefined || name === undefined ? [] : [{ key, name }],
  )
  return manifest === undefined ? refs : [...refs, manifest]
}
