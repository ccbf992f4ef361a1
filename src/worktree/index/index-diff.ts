import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { NodeEntry, TreeChange } from '../../model/tree/tree-diff.ts'
import { readNode } from '../../model/unixfs/node.ts'
import { type DifferingPosition, differingPositions } from './differing-positions.ts'
import type { StagingIndex } from './staging-index.ts'

/**
 * What differs between the trees of two indexes without conflicts, as `diffTrees` tells it of the trees themselves, in the
 * order of the paths' bytes; only a leaf that takes the place of a directory comes after what goes with that.
 *
 * No directory is read, and none that is known to be the same is looked into; of symlinks the one block is read that says
 * where they lead. `canonical` is left open (false).
 */
export async function* diffIndexes(
  source: BlockSource,
  before: StagingIndex,
  after: StagingIndex,
  options: AbortOptions = {},
): AsyncGenerator<TreeChange> {
  let deferred: { end: number; change: TreeChange }[] = []
  for (const place of differingPositions(before, after)) {
    options.signal?.throwIfAborted()
    if (deferred.length > 0) {
      for (const { end, change } of deferred) if (place.reached >= end) yield change
      deferred = deferred.filter(({ end }) => place.reached < end)
    }
    const change = await changeAt(source, { before, after }, place, options)
    const [start, end] = change.before === undefined ? before.rangeBelow(change.path) : [0, 0]
    if (start < end) deferred.push({ end, change })
    else yield change
  }
  for (const { change } of deferred) yield change
}

async function changeAt(
  source: BlockSource,
  { before, after }: { before: StagingIndex; after: StagingIndex },
  { from, to }: DifferingPosition,
  options: AbortOptions,
): Promise<TreeChange> {
  const path = from === undefined ? after.path(to as number) : before.path(from)
  const name = path.slice(path.lastIndexOf('/') + 1)
  return {
    path,
    before: from === undefined ? undefined : await nodeEntry(source, before, from, name, options),
    after: to === undefined ? undefined : await nodeEntry(source, after, to, name, options),
  }
}

async function nodeEntry(
  source: BlockSource,
  index: StagingIndex,
  position: number,
  name: string,
  options: AbortOptions,
): Promise<NodeEntry> {
  const { cid, contentCid } = index.cids(position)
  const kind = index.kind(position)
  const tsize = index.columns.tsize[position] as number
  if (kind === 'symlink') return { name, cid, tsize, node: await readNode(source, { cid, tsize }, options) }
  const size = index.columns.size[position] as number
  return { name, cid, tsize, node: { kind, size, contentCid, canonical: false } }
}
