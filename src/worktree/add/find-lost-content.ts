import { lstatSync } from 'node:fs'

import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import { IntegrityError, NotFoundError } from '../../model/errors.ts'
import { fileLeaves } from '../../model/unixfs/file-content.ts'
import type { Store } from '../../store/store.ts'
import { fromByteString } from '../index/byte-string.ts'
import { KIND_DIRECTORY, KIND_SYMLINK } from '../index/index-entry.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import type { Pathspec } from '../pathspec/pathspec.ts'
import { fileStat } from '../scan/scan-worktree.ts'
import { CANDIDATE, DELETED, NOT_SCANNED } from '../scan/scan.ts'
import type { Scan } from '../scan/scan.ts'

/**
 * Makes unchanged files that are named themselves candidates of a scan where blocks of them are lost: so that adding such
 * a file again repairs the store. A folder is not searched: that would cost more than it is worth.
 */
export async function findLostContent(
  { store, worktree }: { store: Store; worktree: string },
  pathspecs: readonly Pathspec[],
  { index, scan }: { index: StagingIndex; scan: Scan },
  options: AbortOptions,
): Promise<void> {
  for (const { key, isExclude } of pathspecs) {
    const position = isExclude ? -1 : index.find(fromByteString(key))
    if (position === -1 || [NOT_SCANNED, CANDIDATE, DELETED].includes(scan.states[position] as number)) continue
    if (await isStored(store, index.cid(position), index.kindBits(position), options)) continue
    const stat = lstatSync(`${worktree}/${fromByteString(key)}`, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined) continue
    scan.states[position] = CANDIDATE
    scan.stats.set(position, fileStat(stat))
  }
}

async function isStored(store: Store, cid: CID, kind: number, options: AbortOptions): Promise<boolean> {
  if (cid.code === RAW || kind === KIND_SYMLINK || kind === KIND_DIRECTORY) return store.has(cid)
  try {
    for await (const leaf of fileLeaves(store, cid, options)) if (!(await store.has(leaf.cid))) return false
    return true
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof IntegrityError) return false
    throw error
  }
}
