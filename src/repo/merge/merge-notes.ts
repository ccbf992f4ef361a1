import { compareNames } from '../../model/compare.ts'
import type { MergeNote } from './tree-merge.ts'

/** What a merge has to say, each thing once. */
export interface MergeNotes {
  add(kind: MergeNote['kind'], path: string, text: string): void
  /** In the order of paths; of one path in that of their making. */
  sorted(): MergeNote[]
}

/** Makes an empty list of notes. */
export function createMergeNotes(): MergeNotes {
  const byText = new Map<string, MergeNote>()
  return {
    add(kind, path, text) {
      if (!byText.has(text)) byText.set(text, { kind, path, text })
    },
    sorted: () => [...byText.values()].sort((a, b) => compareNames(a.path, b.path)),
  }
}
