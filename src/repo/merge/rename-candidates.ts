import { RAW } from '../../model/cid.ts'
import type { Versions } from '../../model/directory/directory-versions.ts'
import type { NodeEntry } from '../../model/tree/tree-diff.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import { baseName } from '../renames/base-name.ts'
import type { Collection, Place } from './collection.ts'
import { type FileVersions, otherSide, type RenameCandidate, type Side } from './merge-plan.ts'
import type { OpenedEntry } from './open-entry.ts'
import { joinPath, parentPath } from './tree-path.ts'

/** What a change that one side alone made may have to do with renames: a file that came or went. */
export function addOneSided(
  collection: Collection,
  side: Side,
  change: {
    path: string
    base: Link | undefined
    changed: Link | undefined
    before: OpenedEntry
    after: OpenedEntry
    isFollowed: boolean
  },
): void {
  const { path, base, changed, before, after, isFollowed } = change
  if (before.kind === 'file' && after.kind !== 'file') {
    addCandidate(collection, side, 'removed', {
      path,
      link: base as Link,
      entry: entryOfNode(before.entry),
      relevance: isFollowed ? 'location' : undefined,
    })
  }
  if (before.kind !== 'file' && after.kind === 'file') {
    addCandidate(collection, side, 'added', { path, link: changed as Link, entry: entryOfNode(after.entry) })
    if (isFollowed) setAddedTo(collection, side, path)
  }
}

/** What a file that both sides changed may have to do with renames. */
export function addBothSided(collection: Collection, file: FileVersions, links: Versions<Link>, place: Place): void {
  const { path, stages } = file
  const { isFollowed, moved } = place
  for (const side of ['ours', 'theirs'] as const) {
    const other = otherSide(side)
    if (stages.base !== undefined && stages.base.node.size > 0 && moved?.side === side) {
      collection.candidates[side].moves.push({ from: path, to: joinPath(moved.to, baseName(path)) })
    } else if (stages.base !== undefined && stages[side] === undefined) {
      const entry = entryOfNode(stages.base)
      addCandidate(collection, side, 'removed', { path, link: links.base as Link, entry, relevance: 'content' })
    } else if (stages.base === undefined && stages[side] !== undefined) {
      addCandidate(collection, side, 'added', { path, link: links[side] as Link, entry: entryOfNode(stages[side]) })
      if (isFollowed && stages[other] === undefined) setAddedTo(collection, side, path)
    }
  }
}

function addCandidate(
  { options, candidates }: Collection,
  side: Side,
  kind: 'added' | 'removed',
  candidate: RenameCandidate,
): void {
  if (options.renames) candidates[side][kind].push(candidate)
}

/** Remembers that a side put a file into a directory: it matters to where the other side moved that. */
function setAddedTo({ candidates }: Collection, side: Side, path: string): void {
  candidates[otherSide(side)].movedDirectories.set(parentPath(path), 'self')
}

/** An entry as candidates keep it: of a raw leaf its link says all. */
function entryOfNode(entry: NodeEntry): NodeEntry | undefined {
  return entry.cid.code === RAW ? undefined : entry
}
