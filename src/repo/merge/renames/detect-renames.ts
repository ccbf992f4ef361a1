import type { AbortOptions, BlockSource } from '../../../model/block.ts'
import { compareNames } from '../../../model/compare.ts'
import type { NodeEntry } from '../../../model/tree/tree-diff.ts'
import { readFile } from '../../../model/unixfs/file-content.ts'
import { findExactRenames } from '../../renames/exact-renames.ts'
import type { Rename, RenameSide } from '../../renames/find-renames.ts'
import { findSimilarRenames } from '../../renames/similar-renames.ts'
import type { RenameCandidate, SideCandidates } from '../merge-plan.ts'
import { namingPieces, openEntry } from '../open-entry.ts'
import { createSimilarity } from '../similarity.ts'

/** How renames of a side are looked for: the options of the merge, all of them known. */
export interface DetectionOptions extends AbortOptions {
  /** How alike a moved text must still be. */
  similarity: number
  /** Candidates a side, above which texts are not compared. */
  renameLimit: number
}

/** A path that a side added or removed, with what is there. */
export interface RenameEnd extends RenameSide {
  entry: NodeEntry
  relevance: RenameCandidate['relevance']
}

/** What one side moved. */
export interface SideRenames {
  /** In the order of the paths they lead to. */
  renames: Rename<RenameEnd>[]
  /** Whether there were too many candidates to compare all texts. */
  isLimited: boolean
}

/**
 * Finds what a side moved. All it removed and added is paired by content first; of what is left, only removed files that
 * matter are compared with added ones, as texts.
 */
export async function detectRenames(
  source: BlockSource,
  candidates: SideCandidates,
  { signal, similarity, renameLimit }: DetectionOptions,
): Promise<SideRenames> {
  if (candidates.removed.length === 0 || candidates.added.length === 0) return { renames: [], isLimited: false }
  const removed = await endsOf(source, candidates.removed, signal)
  const added = await endsOf(source, candidates.added, signal)
  const exact = [...findExactRenames(removed, added)]
  const taken = new Set(exact.flatMap(({ before, after }) => [before, after]))
  const rest = {
    removed: removed.filter((end) => end.relevance !== undefined && isText(end) && !taken.has(end)),
    added: added.filter((end) => isText(end) && !taken.has(end)),
  }
  if (similarity >= 1 || rest.removed.length === 0 || rest.added.length === 0)
    return { renames: exact, isLimited: false }
  const estimate = createSimilarity<RenameEnd>({
    signal,
    read: ({ path, entry: { cid, tsize } }, options) =>
      namingPieces(path, readFile(source, cid, { ...options, tsize })),
  })
  const similar = await findSimilarRenames(rest, { signal, estimate, threshold: similarity, limit: renameLimit })
  const renames = [...exact, ...similar.renames].sort((a, b) => compareNames(a.after.path, b.after.path))
  return { renames, isLimited: similar.isLimited }
}

async function endsOf(
  source: BlockSource,
  candidates: readonly RenameCandidate[],
  signal: AbortSignal | undefined,
): Promise<RenameEnd[]> {
  const ends: RenameEnd[] = []
  for (const { path, link, entry: known, relevance } of candidates) {
    const opened = known ? { kind: 'file' as const, entry: known } : await openEntry(source, path, link, { signal })
    if (opened.kind !== 'file') continue
    const { entry } = opened
    const { kind, contentCid, size } = entry.node
    ends.push({ path, kind, contentCid, size, entry, relevance })
  }
  return ends.sort((a, b) => compareNames(a.path, b.path))
}

/** What may be a text. */
function isText({ kind, size }: RenameEnd): boolean {
  return kind !== 'symlink' && size > 0
}
