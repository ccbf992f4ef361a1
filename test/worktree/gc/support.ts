import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import type { CollectedGarbage } from '../../../src/repo/gc/collect-garbage.ts'
import type { GarbageExpiry } from '../../../src/repo/gc/collect-garbage.ts'
import type { Repository } from '../../../src/repo/repository.ts'
import { verifyReachable } from '../../../src/repo/verify.ts'
import { collectRepository } from '../../../src/worktree/gc/collect-repository.ts'
import { all } from '../../support/store-files.ts'
import { add, commitHere } from '../support/repository.ts'

/** Nothing expires. */
export const NEVER: GarbageExpiry = {
  blocksBeforeMs: -Infinity,
  recordsBeforeMs: -Infinity,
  unreachableBeforeMs: -Infinity,
  partialBeforeMs: -Infinity,
}

/** Every block goes that nothing refers to; records stay. */
export const PRUNE: GarbageExpiry = { ...NEVER, blocksBeforeMs: Infinity }

/** Records go as well. */
export const ALL: GarbageExpiry = { ...PRUNE, recordsBeforeMs: Infinity, unreachableBeforeMs: Infinity }

/** Collects garbage without waiting for anybody. */
export function collect(repository: Repository, expiry: GarbageExpiry, more = {}): Promise<CollectedGarbage> {
  return collectRepository(repository, { expiry, command: 'jzfs gc', waitMs: 0, ...more })
}

/** Writes files by name, adds all, and commits. */
export async function commitFiles(
  repository: Repository,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<CID> {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(repository.worktree!, name), content)
  await add(repository)
  return (await commitHere(repository)).cid
}

/** The texts of all CIDs in the store, sorted. */
export async function stored(repository: Repository): Promise<string[]> {
  return (await all(repository.store.cids())).map((cid) => cid.toV1().toString()).sort()
}

/** What is wrong with what the refs reach, and with the store. */
export async function problems(repository: Repository): Promise<unknown[]> {
  const starts = (await repository.refs.list()).map(({ name, cid }) => ({ cid, revision: name }))
  return [...(await all(verifyReachable(repository.store, starts))), ...(await all(repository.store.verifyPacks()))]
}
