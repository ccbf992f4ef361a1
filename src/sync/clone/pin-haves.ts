import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { DAG_JSON } from '../../model/cid.ts'
import { nodeType } from '../../model/commit/dag-json-node.ts'
import { linksOf } from '../../model/tree/reachability.ts'
import type { Repository } from '../../repo/repository.ts'
import { MAX_HAVES } from '../protocol/sync-limits.ts'

/**
 * What a repository of pins has, for whoever fetches the next state of one of them: what the pin is, or, where it is new,
 * what all pins are, as it may be another version of one. In place of a manifest stand the heads that it names: the peer
 * still has these when it has a newer manifest.
 */
export async function pinHaves(
  repository: Repository,
  before: CID | undefined,
  options: AbortOptions = {},
): Promise<CID[]> {
  const pins = before === undefined ? (await repository.refs.list('refs/pins')).map(({ cid }) => cid) : [before]
  const haves = new Map<string, CID>()
  for (const pin of pins) {
    if (pin.code !== DAG_JSON) continue
    const bytes = await repository.store.get(pin, options)
    const isManifest = nodeType(pin, bytes) === 'jzfs/manifest/1'
    for (const cid of isManifest ? linksOf(pin, bytes) : [pin]) {
      if (cid.code === DAG_JSON) haves.set(cid.toString(), cid)
    }
    if (haves.size >= MAX_HAVES) break
  }
  return [...haves.values()].slice(0, MAX_HAVES)
}
