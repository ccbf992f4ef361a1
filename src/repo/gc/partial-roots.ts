import { rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

import type { CID } from 'multiformats/cid'

import { syncDirectory } from '../../store/durable.ts'
import type { Layout } from '../layout.ts'
import { PARTIAL_REFS } from '../refs/partial-ref.ts'
import { listRefFiles, refPath } from '../refs/ref-files.ts'

/** What transfers that were interrupted have brought so far. */
export interface PartialRoot {
  path: string
  cid: CID
  /** When the last transfer of it began, in milliseconds since the epoch. */
  begunMs: number
}

/** The transfers that have not come to their end: `refs/partial/…`. */
export function partialRoots(layout: Layout): PartialRoot[] {
  return listRefFiles(layout, PARTIAL_REFS).flatMap(({ name, cid }) => {
    const path = refPath(layout, name)
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat === undefined ? [] : [{ path, cid, begunMs: stat.mtimeMs }]
  })
}

/** Forgets transfers that nobody went on with. The caller keeps out all who write: none of them is under way. */
export async function dropPartialRoots(roots: readonly PartialRoot[]): Promise<void> {
  for (const { path } of roots) {
    rmSync(path, { force: true })
    await syncDirectory(dirname(path))
  }
}
