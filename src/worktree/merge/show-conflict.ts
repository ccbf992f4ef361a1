import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { NodeEntry } from '../../model/tree/tree-diff.ts'
import { readNode } from '../../model/unixfs/node.ts'
import { mergeContent } from '../../repo/merge/merge-content.ts'
import type { ConflictStyle } from '../../repo/merge/text/write-merged.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import type { NotedStage } from '../index/conflict-notes.ts'

/**
 * What a path in conflict shows before anybody settles it: marked text, else the side that is there, else ours. Its blocks are
 * added to the pack. The sides are labelled as git's `checkout --merge` labels them.
 */
export async function showConflict(
  source: BlockSource,
  pack: PackWriter,
  path: string,
  stages: readonly NotedStage[],
  options: AbortOptions & { style?: ConflictStyle | undefined },
): Promise<NodeEntry | undefined> {
  const [base, ours, theirs] = await Promise.all(
    ([1, 2, 3] as const).map((stage) => entryOf(source, path, stages, stage, options)),
  )
  if (ours === undefined || theirs === undefined) return ours ?? theirs
  if (ours.node.kind === 'directory' || theirs.node.kind === 'directory') return ours
  const isOneType = (ours.node.kind === 'symlink') === (theirs.node.kind === 'symlink')
  if (!isOneType) return ours
  const merged = await mergeContent(
    source,
    (block) => void pack.add(block),
    { stages: { base, ours, theirs }, paths: { base: path, ours: path, theirs: path } },
    {
      labels: { base: 'base', ours: 'ours', theirs: 'theirs' },
      favour: undefined,
      style: options.style,
      depth: 0,
      markerSize: 7,
      signal: options.signal,
    },
  )
  return merged.entry
}

async function entryOf(
  source: BlockSource,
  path: string,
  stages: readonly NotedStage[],
  stage: 1 | 2 | 3,
  options: AbortOptions,
): Promise<NodeEntry | undefined> {
  const found = stages.find((each) => each.stage === stage)
  if (found === undefined) return undefined
  const { cid, tsize } = found
  return {
    name: path.slice(path.lastIndexOf('/') + 1),
    cid,
    tsize,
    node: await readNode(source, { cid, tsize }, options),
  }
}
