import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { resolvePath } from '../../model/tree/tree-walk.ts'
import type { TreeComparison } from './visit.ts'

/**
 * Compares trees at paths from their root, without wildcards: the entries there have the same CIDs, or there are none.
 * Of every tree one resolution of the paths is kept, since a walk compares each with its parents' and its children's.
 */
export function createPathComparison(source: BlockSource, paths: readonly string[]): TreeComparison {
  const resolved = new Map<string, string>()
  const resolve = async (tree: CID | undefined, options?: AbortOptions): Promise<string> => {
    if (tree === undefined) return paths.map(() => '').join(' ')
    const id = tree.toString()
    const known = resolved.get(id)
    if (known !== undefined) return known
    const ids: string[] = []
    for (const path of paths) ids.push((await resolvePath(source, tree, path, options))?.cid.toString() ?? '')
    resolved.set(id, ids.join(' '))
    return ids.join(' ')
  }
  return {
    async isSame(before, after, options) {
      return (await resolve(before, options)) === (await resolve(after, options))
    },
  }
}
