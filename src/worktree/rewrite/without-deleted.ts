import { updateIndex } from '../index/index-update.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { DELETED, type Scan } from '../scan/scan.ts'

/** An index without those of the changed paths whose files are missing: they are none that undo brings back. */
export function withoutDeleted(
  index: StagingIndex,
  changes: readonly { path: string }[],
  { scan }: { scan: Pick<Scan, 'states'> },
): StagingIndex {
  const deleted = changes.filter(({ path }) => {
    const position = index.find(path)
    return position !== -1 && scan.states[position] === DELETED
  })
  if (deleted.length === 0) return index
  return updateIndex(
    index,
    deleted.map(({ path }) => ({ path, entries: [] })),
  )
}
