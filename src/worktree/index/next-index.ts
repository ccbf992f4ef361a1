import { renameSync } from 'node:fs'
import { join } from 'node:path'

import { IntegrityError } from '../../model/errors.ts'
import type { OperationEntry } from '../../repo/operation/operation-entry.ts'
import { pendingOperation } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import { type IndexContent, type IndexPatch, readIndexFile, readIndexOrPatch, writeIndexFile } from './index-file.ts'
import { applyPatch } from './index-patch.ts'
import { rebuildIndex } from './index-rebuild.ts'
import type { StagingIndex } from './staging-index.ts'

/** The index as if a pending operation were finished. Throws IntegrityError `index-corrupt` for a damaged one. */
export async function readSettledIndex(repository: Repository): Promise<StagingIndex> {
  const entry = await pendingOperation(repository)
  const next = entry && (await readNextIndex(repository, entry))
  // Where there is none any more, it was renamed: the operation has come to its end.
  return next?.index ?? readIndexFile(repository.layout.index)
}

/** The next index of a pending operation. */
export interface NextIndex {
  index: StagingIndex
  /** Whether its file holds only the patch that makes it of the present one. */
  isPatch: boolean
}

/**
 * The index that takes the place of the present one when a pending operation ends; undefined where it has done so, or none
 * does. Throws IntegrityError `index-corrupt`, and as `rebuildIndex` where a patch has lost what it changes.
 */
export async function readNextIndex(repository: Repository, entry: OperationEntry): Promise<NextIndex | undefined> {
  if (entry.index === undefined) return undefined
  const { layout, store } = repository
  const path = join(layout.tmp, entry.index.next)
  const next = readIndexOrPatch(path)
  if (next === undefined || 'index' in next) return next && { index: next.index, isPatch: false }
  const base = readBase(layout.index)
  if (base?.checksum === next.of) return { index: applyPatch(base.index, next), isPatch: true }
  // Whoever is at the operation may have come to its end between the two.
  const now = readIndexOrPatch(path)
  if (now === undefined || 'index' in now) return now && { index: now.index, isPatch: false }
  const rebuilt = await rebuildIndex(store, entry.index.before?.tree)
  return { index: applyPatch(rebuilt, next), isPatch: true }
}

/** Writes the next index of a pending operation as it is now, durably: it is whole from here on. */
export function replaceNextIndex({ layout }: Repository, name: string, index: StagingIndex): void {
  renameSync(join(layout.tmp, writeIndexFile(layout.tmp, index)), join(layout.tmp, name))
}

/** A damaged index is as good as none: what it held is known without it. */
function readBase(path: string): IndexContent | undefined {
  try {
    const content: IndexContent | IndexPatch | undefined = readIndexOrPatch(path)
    return content !== undefined && 'index' in content ? content : undefined
  } catch (error) {
    if (error instanceof IntegrityError) return undefined
    throw error
  }
}
