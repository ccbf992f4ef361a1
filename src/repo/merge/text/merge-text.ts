import { type DiffAlgorithm, diffLines } from '../../text/diff-lines.ts'
import { createLineClasses } from '../../text/line-classes.ts'
import { type Lines, splitLines } from '../../text/lines.ts'
import { MAX_MERGED_BYTES } from './max-merged-bytes.ts'
import { type MergeRegion, mergeRegions, type MergeSide } from './merge-regions.ts'
import { refineConflicts, trimConflicts } from './refine-conflicts.ts'
import { type ConflictStyle, type MergeLabels, writeMerged } from './write-merged.ts'

/** Three versions of a text: what both sides started from, and what they made of it. */
export interface MergedTexts {
  base: Uint8Array
  ours: Uint8Array
  theirs: Uint8Array
}

export interface MergeTextOptions {
  labels: MergeLabels
  /** Default: `merge`. */
  style?: ConflictStyle | undefined
  /** Settles conflicts without marking them: by the lines of one side, or of both after each other. */
  favour?: 'ours' | 'theirs' | 'union' | undefined
  /** How many characters markers have: 7, or more where merged texts may hold markers themselves. */
  markerSize?: number | undefined
  /** Default: `histogram`, as `git merge` has it; `git merge-file` compares by `myers`. */
  algorithm?: DiffAlgorithm | undefined
}

/** A merged text. */
export interface MergedText {
  bytes: Uint8Array
  /** How many regions are marked; 0: a clean merge. */
  conflicts: number
  /** Why the text is a conflict as a whole: nothing is marked, and the bytes are ours. */
  whole?: 'too-large'
}

/**
 * Merges two versions of a text line by line, as git does: the same conflicts, with the same marks. Its bytes need not be
 * UTF-8. What is no text (`isText`) is not for here.
 */
export function mergeText(texts: MergedTexts, options: MergeTextOptions): MergedText {
  const { base, ours, theirs } = texts
  if (isSame(ours, theirs) || isSame(base, theirs)) return { bytes: ours, conflicts: 0 }
  if (isSame(base, ours)) return { bytes: theirs, conflicts: 0 }
  if ([base, ours, theirs].some(({ length }) => length > MAX_MERGED_BYTES)) return mergeWhole(texts, options)
  const { style = 'merge', favour, labels, markerSize = 7, algorithm = 'histogram' } = options
  const lines = { base: splitLines(base), ours: splitLines(ours), theirs: splitLines(theirs) }
  const classes = createLineClasses({ borrows: true })
  const baseClasses = classes.classify(lines.base)
  const sideOf = (side: Lines): MergeSide => {
    const sideClasses = classes.classify(side)
    return { lines: sideClasses, changes: diffLines(baseClasses, sideClasses, algorithm) }
  }
  const [left, right] = [sideOf(lines.ours), sideOf(lines.theirs)]
  const regions = shape(mergeRegions(lines.base.count, left, right), left.lines, right.lines, { style, algorithm })
  const bytes = writeMerged(lines, regions, { labels, style, favour, markerSize })
  return { bytes, conflicts: favour === undefined ? regions.filter(({ taken }) => taken === undefined).length : 0 }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0
}

function shape(
  regions: MergeRegion[],
  ours: Int32Array,
  theirs: Int32Array,
  { style, algorithm }: { style: ConflictStyle; algorithm: DiffAlgorithm },
): MergeRegion[] {
  if (style === 'diff3') return regions
  if (style === 'zdiff3') return trimConflicts(regions, ours, theirs)
  return refineConflicts(regions, ours, theirs, algorithm)
}

function mergeWhole({ ours, theirs }: MergedTexts, { favour }: MergeTextOptions): MergedText {
  if (favour === 'ours') return { bytes: ours, conflicts: 0 }
  if (favour === 'theirs') return { bytes: theirs, conflicts: 0 }
  return { bytes: ours, conflicts: 1, whole: 'too-large' }
}
