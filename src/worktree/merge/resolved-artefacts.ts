import type { Artefact } from '../index/conflict-notes.ts'
import { NO_STAMP, type IndexEntry } from '../index/index-entry.ts'
import { updateIndex } from '../index/index-update.ts'
import type { StagingIndex } from '../index/staging-index.ts'

/** The artefacts of conflicts that one index has and the next has not any more: they go with them, if they are unchanged. */
export function resolvedArtefacts(before: StagingIndex, after: StagingIndex): Artefact[] {
  const left = new Set(after.artefacts().map(({ path }) => path))
  return before.artefacts().filter(({ path }) => !left.has(path))
}

/** Files that an operation begins with, with artefacts among them: what it does not end with is removed if it is unchanged. */
export function withArtefacts(files: StagingIndex, artefacts: readonly Artefact[]): StagingIndex {
  if (artefacts.length === 0) return files
  return updateIndex(
    files,
    artefacts.map((artefact) => ({ path: artefact.path, entries: [entryOf(artefact)] })),
  )
}

function entryOf({ path, kind, cid, contentCid, size, tsize }: Artefact): IndexEntry {
  return { ...NO_STAMP, path, stage: 0, kind, cid, contentCid, size, tsize, racy: false }
}
