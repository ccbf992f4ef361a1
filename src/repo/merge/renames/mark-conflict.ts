import type { MergeNotes } from '../merge-notes.ts'
import type { FileVersions } from '../merge-plan.ts'
import type { ConflictKind } from '../tree-merge.ts'

/** Says that it is a conflict where a file belongs; of several the first one names it, and each is said. */
export function markConflict(notes: MergeNotes, file: FileVersions, kind: ConflictKind, message: string): void {
  file.conflict ??= { kind, message }
  notes.add('conflict', file.path, message)
}
