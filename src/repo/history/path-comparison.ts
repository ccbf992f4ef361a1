import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { DAG_PB } from '../../model/cid.ts'
import type { DirectoryNode } from '../../model/directory/directory-node.ts'
import { openDirectory } from '../../model/directory/directory-node.ts'
import { findLink } from '../../model/directory/directory-read.ts'
import { type Entry, toEntry } from '../../model/directory/directory.ts'
import { openNode } from '../../model/unixfs/node.ts'
import type { TreeComparison } from './visit.ts'

/** Trees, and directories below them, of which it is remembered what stands at the paths. */
const MAX_RESOLVED = 100_000

/**
 * Compares trees at paths from their root, without wildcards: the entries there have the same CIDs, or there are none.
 * What was found in a tree is kept, since a walk compares each with its parents' and its children's, and what was found in
 * a directory below it too: most commits leave it as it was.
 */
export function createPathComparison(source: BlockSource, paths: readonly string[]): TreeComparison {
  return new PathComparison(source, paths)
}

class PathComparison implements TreeComparison {
  readonly #source: BlockSource
  readonly #paths: readonly string[][]
  readonly #trees = new Map<string, string>()
  readonly #below = new Map<string, string>()

  constructor(source: BlockSource, paths: readonly string[]) {
    this.#source = source
    this.#paths = paths.map((path) => (path === '' ? [] : path.split('/')))
  }

  async isSame(before: CID | undefined, after: CID, options?: AbortOptions): Promise<boolean> {
    return (await this.#resolve(before, options)) === (await this.#resolve(after, options))
  }

  /** What stands at the paths of a tree: CIDs, or nothing. */
  async #resolve(tree: CID | undefined, options?: AbortOptions): Promise<string> {
    if (tree === undefined) return this.#paths.map(() => '').join(' ')
    const id = tree.toString()
    const known = this.#trees.get(id)
    if (known !== undefined) return known
    const root = await openDirectory(this.#source, tree, options)
    const ids: string[] = []
    for (const names of this.#paths) {
      ids.push(names.length === 0 ? id : await this.#find(root, names, 0, options))
    }
    return remember(this.#trees, id, ids.join(' '))
  }

  async #find(
    directory: DirectoryNode,
    names: readonly string[],
    depth: number,
    options?: AbortOptions,
  ): Promise<string> {
    const link = await findLink(this.#source, directory, names[depth] as string, options)
    if (link === undefined) return ''
    const entry = toEntry(link)
    const isLast = depth === names.length - 1
    return isLast ? entry.cid.toString() : this.#findBelow(entry, names, depth + 1, options)
  }

  async #findBelow(
    entry: Entry,
    names: readonly string[],
    depth: number,
    options: AbortOptions | undefined,
  ): Promise<string> {
    if (entry.cid.code !== DAG_PB) return ''
    const key = `${entry.cid.toString()}/${names.slice(depth).join('/')}`
    const known = this.#below.get(key)
    if (known !== undefined) return known
    const { directory } = await openNode(this.#source, entry, options)
    return remember(this.#below, key, directory === undefined ? '' : await this.#find(directory, names, depth, options))
  }
}

function remember(known: Map<string, string>, key: string, value: string): string {
  const oldest = known.size < MAX_RESOLVED ? undefined : known.keys().next().value
  if (oldest !== undefined) known.delete(oldest)
  known.set(key, value)
  return value
}
