import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../../model/block.ts'
import { compareNames } from '../../../model/compare.ts'
import { toCid } from '../../../model/directory/directory-read.ts'
import { readFile } from '../../../model/unixfs/file-content.ts'
import type { NodeKind } from '../../../model/unixfs/node.ts'
import { findExactRenames } from '../../renames/exact-renames.ts'
import type { Rename, RenameSide } from '../../renames/find-renames.ts'
import { findSimilarRenames } from '../../renames/similar-renames.ts'
import type { RenameCandidate, SideCandidates } from '../merge-plan.ts'
import { namingPieces } from '../open-entry.ts'
import { createSimilarity } from '../similarity.ts'

/** How renames of a side are looked for: the options of the merge, all of them known. */
export interface DetectionOptions extends AbortOptions {
  /** How alike a moved text must still be. */
  similarity: number
  /** Candidates a side, above which texts are not compared. */
  renameLimit: number
}

/** A path that a side added or removed, with what is there. There may be a million: of most only the link is kept. */
export class RenameEnd implements RenameSide {
  readonly #candidate: RenameCandidate

  constructor(candidate: RenameCandidate) {
    this.#candidate = candidate
  }

  get path(): string {
    return this.#candidate.path
  }

  get kind(): NodeKind {
    return this.#candidate.entry?.node.kind ?? 'file'
  }

  get size(): number {
    return this.#candidate.entry?.node.size ?? this.#candidate.link.tsize
  }

  get contentCid(): CID {
    return this.#candidate.entry?.node.contentCid ?? this.cid
  }

  get cid(): CID {
    return this.#candidate.entry?.cid ?? toCid(this.#candidate.link.cid)
  }

  get tsize(): number {
    return this.#candidate.link.tsize
  }

  get relevance(): RenameCandidate['relevance'] {
    return this.#candidate.relevance
  }
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
  const removed = endsOf(candidates.removed)
  const added = endsOf(candidates.added)
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
    read: ({ path, cid, tsize }, options) => namingPieces(path, readFile(source, cid, { ...options, tsize })),
  })
  const similar = await findSimilarRenames(rest, { signal, estimate, threshold: similarity, limit: renameLimit })
  const renames = [...exact, ...similar.renames].sort((a, b) => compareNames(a.after.path, b.after.path))
  return { renames, isLimited: similar.isLimited }
}

function endsOf(candidates: readonly RenameCandidate[]): RenameEnd[] {
  return candidates.map((each) => new RenameEnd(each)).sort((a, b) => compareNames(a.path, b.path))
}

/** What may be a text. */
function isText({ kind, size }: RenameEnd): boolean {
  return kind !== 'symlink' && size > 0
}
