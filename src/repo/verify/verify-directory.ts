import { type DirectoryNode, isShardLink } from '../../model/directory/directory-node.ts'
import { linksOfPlace, openShardBelow, type ShardPlace, toCid } from '../../model/directory/directory-read.ts'
import { treeInvalid } from '../../model/tree/tree-invalid.ts'
import { linkCid, type Link } from '../../model/unixfs/dag-pb.ts'
import type { VerifyPlace, VerifyRun } from './verify-run.ts'

/**
 * The entries of a directory, shard by shard, without those of shards that this run has seen. A shard that is missing or
 * not right does not keep the others from being looked at.
 */
export async function readEntries(run: VerifyRun, directory: DirectoryNode, place: VerifyPlace): Promise<Link[]> {
  const entries: Link[] = []
  const stack: ShardPlace[] = [{ directory, path: [] }]
  for (let shard = stack.pop(); shard !== undefined; shard = stack.pop()) {
    const current = shard
    await run.attempt(current.directory.node.cid, place, () => void entries.push(...linksOfPlace(current)))
    for (let index = 0; index < current.directory.node.count; index++) {
      if (!isShardLink(current.directory, index)) continue
      const below = await openShard(run, current, index, place)
      if (below !== undefined) stack.push(below)
    }
  }
  return entries
}

/** Opens the shard behind a link unless it was seen: an entry in it fixes all slots on the way, so it has one place only. */
async function openShard(
  run: VerifyRun,
  above: ShardPlace,
  index: number,
  place: VerifyPlace,
): Promise<ShardPlace | undefined> {
  const cid = toCid(linkCid(above.directory.node, index))
  const slots = numberOf([...above.path, above.directory.shard?.slots[index] as number])
  const known = run.shards.get(cid.multihash.digest)
  let below: ShardPlace | undefined
  await run.attempt(cid, place, async () => {
    if (known !== undefined && known !== slots) throw treeInvalid(cid, 'the shard stands in a slot that is not its own')
    if (known !== undefined) return
    run.shards.set(cid.multihash.digest, slots)
    below = await openShardBelow({ get: (each) => run.read(each) }, above, index)
  })
  return below
}

/** One number for a path of slots: exact for as many as occur, still telling for more. */
function numberOf(slots: readonly number[]): number {
  return slots.reduce((number, slot) => (number * 1031 + slot + 1) % Number.MAX_SAFE_INTEGER, 0)
}
