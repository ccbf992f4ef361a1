import { existsSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { CID } from 'multiformats/cid'

import type { AbortOptions, Block } from '../../model/block.ts'
import type { Repository } from '../../repo/repository.ts'
import { writeFileDurably } from '../../store/durable.ts'
import { publishHeads, unpublishHeads, type WrittenSet } from '../../sync/publish/published-set.ts'
import type { Home } from '../home/home.ts'
import {
  type Audience,
  type NamedKey,
  publishedRefsOf,
  type RegisteredRepository,
} from '../home/repository-registry.ts'
import { audienceKey, headsSetPath, manifestOfFile, manifestPath } from './published-files.ts'
import { checkPublishedRefs } from './published-limits.ts'
import { manifestOf } from './registered-manifest.ts'
import { type SignedRecord, signRecord } from './sign-record.ts'

/** What a home publishes of a repository, before and after. */
export interface PublicationChange extends AbortOptions {
  /** As the registry has it; undefined: nothing. */
  before: RegisteredRepository | undefined
  /** Undefined: nothing any more. */
  after: RegisteredRepository | undefined
  /** Where the blocks are; undefined where it cannot be opened: then nothing can be added, and what changes is not served. */
  repository: Repository | undefined
  /** Refs whose records are signed again where they are old, beside those that changed. */
  refreshed?: readonly string[]
  /**
   * Whether what refs were before is served until everything is signed: so that a record of before that was not replaced yet
   * names what can be had. Not where something is taken back, or is for others than it was (default false).
   */
  servesBefore?: boolean
  now: Date
}

/** What was written. */
export interface WrittenPublication {
  /** By the key of the audience. */
  sets: Map<string, WrittenSet>
  /** By ref. */
  records: Map<string, SignedRecord>
  manifest: (SignedRecord & { block: Block }) | undefined
}

/**
 * Publishes a repository as it shall be. The order makes any interruption harmless: digest sets are durable before
 * records, so that a record names only what can be had; the manifest's block before its record; the registry last, for
 * what is not in it is not visible. What is taken back is given by nobody from the first step on.
 *
 * The caller holds the home's lock since before it read `before`. Throws what `checkPublishedRefs`, `manifestOf`,
 * `publishHeads` and `KnownNames.publish` throw.
 */
export async function writePublication(home: Home, change: PublicationChange): Promise<WrittenPublication> {
  const { before, after } = change
  // What no manifest can say is refused before anything is written.
  if (after !== undefined) checkPublishedRefs(publishedRefsOf(after))
  const block = after && manifestOf(after, await headBranch(change.repository))
  const sets = await writeSets(home, change, change.servesBefore === true)
  const records = await signHeads(home, change)
  const manifest = after?.manifest && block && (await signManifest(home, change, after.manifest, block))
  const list = home.repositories.list()
  if (!isDeepStrictEqual(before, after)) {
    const others = list.filter(({ id }) => id !== before?.id && id !== after?.id)
    await home.repositories.write(after === undefined ? others : [...others, after])
  }
  if ([...sets.values()].some(({ hasOthers }) => hasOthers)) await writeSets(home, change, false)
  await removeManifests(home, before?.manifest?.name ?? after?.manifest?.name, manifest?.block.cid.toString())
  return { sets, records, manifest }
}

async function writeSets(
  home: Home,
  change: PublicationChange,
  keepsOthers: boolean,
): Promise<Map<string, WrittenSet>> {
  const { before, after, repository, signal } = change
  const written = new Map<string, WrittenSet>()
  for (const [key, audience] of audiencesOf(before, after)) {
    const path = headsSetPath(home.layout, (after ?? before)!.id, audience)
    const heads = headsFor(after, key)
    const isUnchanged = heads.map(String).sort().join() === headsFor(before, key).map(String).sort().join()
    if (heads.length === 0) await unpublishHeads(path)
    else if (repository !== undefined) {
      written.set(key, await publishHeads(path, repository.store, heads, { keepsOthers, signal }))
    } else if (!isUnchanged) await unpublishHeads(path)
  }
  return written
}

function audiencesOf(...sides: (RegisteredRepository | undefined)[]): Map<string, Audience> {
  const refs = sides.flatMap((side) => (side === undefined ? [] : publishedRefsOf(side)))
  return new Map(refs.map(({ audience }) => [audienceKey(audience), audience]))
}

function headsFor(registered: RegisteredRepository | undefined, key: string): CID[] {
  const refs = registered === undefined ? [] : publishedRefsOf(registered)
  return refs.flatMap(({ audience, cid }) =>
    cid !== undefined && audienceKey(audience) === key ? [CID.parse(cid)] : [],
  )
}

async function signHeads(home: Home, change: PublicationChange): Promise<Map<string, SignedRecord>> {
  const { before, after, refreshed = [], now } = change
  const cidsBefore = new Map(before && publishedRefsOf(before).map(({ name, cid }) => [name, cid]))
  const signed = new Map<string, SignedRecord>()
  for (const { ref, key, name, cid } of after === undefined ? [] : publishedRefsOf(after)) {
    if (key === undefined || cid === undefined) continue
    if (cidsBefore.get(name) === cid && !refreshed.includes(ref)) continue
    // A key that was removed signs no more, until its branch is published again.
    const signer = home.keys.read(key)
    if (signer !== undefined && signer.name === name)
      signed.set(ref, await signRecord(home, signer, CID.parse(cid), now))
  }
  return signed
}

async function signManifest(
  home: Home,
  { now }: PublicationChange,
  { key, name }: NamedKey,
  block: Block,
): Promise<WrittenPublication['manifest']> {
  const signer = home.keys.read(key)
  if (signer?.name !== name) return undefined
  const path = manifestPath(home.layout, name, block.cid.toString())
  if (!existsSync(path)) await writeFileDurably(path, block.bytes, { mode: 0o600 })
  return { block, ...(await signRecord(home, signer, block.cid, now)) }
}

/** The branch that HEAD stands on. */
async function headBranch(repository: Repository | undefined): Promise<string | undefined> {
  const head = await repository?.refs.head()
  return head !== undefined && 'branch' in head ? head.branch : undefined
}

/** Removes all manifests of a name but the one that is valid. */
async function removeManifests(home: Home, name: string | undefined, kept: string | undefined): Promise<void> {
  if (name === undefined) return
  for (const file of readdirSync(home.layout.published)) {
    const manifest = manifestOfFile(file)
    if (manifest?.name === name && manifest.cid !== kept) await rm(join(home.layout.published, file), { force: true })
  }
}
