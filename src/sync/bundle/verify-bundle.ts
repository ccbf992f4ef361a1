import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { sha256 } from '../../model/cid.ts'
import { NotFoundError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import type { CarSection } from '../protocol/car-stream.ts'
import type { Role } from '../walk/dag-place.ts'
import { createDagWalk, type DagWalk, type WalkedBlock } from '../walk/dag-walk.ts'
import { passHaves } from '../walk/walk-source.ts'
import { type BundleFile, corrupt } from './bundle-file.ts'
import type { BundleProgress } from './write-bundle.ts'

/** What the bundle is verified against. */
export interface VerifyBundleOptions extends AbortOptions {
  /** The blocks that are here, for what prerequisites reach. */
  local: BlockSource
  /** Whether a commit is here with all it reaches. */
  isHere(commit: CID): Promise<boolean>
  onProgress?: ((progress: BundleProgress) => void) | undefined
}

/**
 * Goes through all of a bundle: after its root stand the blocks that its heads reach and its prerequisites do not, each
 * where it is due, whole, and valid where it stands; and nothing else.
 *
 * Throws NotFoundError `bundle-prerequisites-missing` (details: `missing`), IntegrityError `bundle-corrupt`, and what the
 * strict walk throws for content that nobody should have.
 */
export async function verifyBundle(bundle: BundleFile, options: VerifyBundleOptions): Promise<BundleProgress> {
  const { local, signal, onProgress } = options
  await requirePrerequisites(bundle, options)
  const walk = createDagWalk()
  await passHaves(walk, bundle.prerequisites, local, { signal })
  const { cids, roles } = rolesOf(bundle)
  walk.begin(cids, { isStrict: true, role: roles })
  const seen = { blocks: 0, bytes: 0 }
  for await (const section of bundle.sections({ signal })) {
    acceptSection(bundle, walk, walk.next(), section)
    seen.blocks++
    seen.bytes += section.bytes.length
    onProgress?.(seen)
  }
  const due = walk.next()
  if (due !== undefined) throw corrupt(bundle.path, `it ends before ${due.cid.toString()}`)
  return seen
}

/** NotFoundError `bundle-prerequisites-missing` (details: `missing`) where a commit is not here that the bundle builds on. */
export async function requirePrerequisites(
  { path, prerequisites }: BundleFile,
  { isHere }: Pick<VerifyBundleOptions, 'isHere'>,
): Promise<void> {
  const missing: string[] = []
  for (const cid of prerequisites) {
    if (!(await isHere(cid))) missing.push(cid.toString())
  }
  if (missing.length === 0) return
  throw new NotFoundError(
    'bundle-prerequisites-missing',
    `the bundle ${quoteName(path)} builds on commits that are not here: ${missing.join(', ')}`,
    { hint: 'fetch those first, or have the bundle made without leaving anything out', details: { path, missing } },
  )
}

/** The heads, each once, and what each must be. A commit that a branch names is a commit, whatever tags name it too. */
export function rolesOf({ heads }: Pick<BundleFile, 'heads'>): { cids: CID[]; roles: Role[] } {
  const roles = new Map<string, { cid: CID; role: Role }>()
  for (const { ref, cid } of heads) {
    const key = cid.toString()
    const role = ref.startsWith(BRANCHES) || roles.get(key)?.role === 'commit' ? 'commit' : 'target'
    roles.set(key, { cid, role })
  }
  return { cids: [...roles.values()].map(({ cid }) => cid), roles: [...roles.values()].map(({ role }) => role) }
}

function acceptSection(
  { path }: BundleFile,
  walk: DagWalk,
  due: WalkedBlock | undefined,
  { cid, bytes }: CarSection,
): void {
  if (due === undefined) throw corrupt(path, 'there are blocks in it that its heads do not reach')
  if (Buffer.compare(cid, due.cid.bytes) !== 0)
    throw corrupt(path, `another block stands where ${due.cid.toString()} is due`)
  if (Buffer.compare(sha256(bytes), due.cid.multihash.digest) !== 0) {
    throw corrupt(path, `bytes in it are not ${due.cid.toString()}`)
  }
  walk.accept(due.isLeaf ? bytes : new Uint8Array(bytes))
}
