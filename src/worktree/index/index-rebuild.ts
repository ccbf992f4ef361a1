import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../model/block.ts'
import { declaredTsize, openDirectory } from '../../model/directory/directory-node.ts'
import type { DirectoryNode } from '../../model/directory/directory-node.ts'
import { collectLinks } from '../../model/directory/directory-read.ts'
import { toEntry } from '../../model/directory/directory.ts'
import { WalkBudget } from '../../model/tree/walk-budget.ts'
import type { WalkLimits } from '../../model/tree/walk-budget.ts'
import { openNode } from '../../model/unixfs/node.ts'
import { createPackedEntries } from '../add/packed-entries.ts'
import { fromByteString } from './byte-string.ts'
import { directoryKey, setKnown } from './index-directories.ts'
import type { KnownDirectory } from './index-directories.ts'
import { NO_STAMP } from './index-entry.ts'
import { emptyIndex, updateIndex } from './index-update.ts'
import { StagingIndex } from './staging-index.ts'

/**
 * An index that says what a tree says (undefined: nothing), without stat data: every file is compared by its bytes once.
 * It knows the CIDs of all directories, also of those that we would have written otherwise.
 *
 * Errors as of `walkTree`.
 */
export async function rebuildIndex(
  source: BlockSource,
  tree: CID | undefined,
  options: WalkLimits = {},
): Promise<StagingIndex> {
  if (tree === undefined) return emptyIndex()
  const reader = new TreeReader(source, options)
  await reader.directory('', await openDirectory(source, tree, options), 0)
  const { columns, directories } = updateIndex(emptyIndex(), reader.entries.changes())
  for (let directory = 0; directory < directories.first.length; directory++) {
    const known = reader.directories.get(fromByteString(directoryKey(columns, directories, directory)))
    if (known !== undefined) setKnown(directories, directory, known)
  }
  return new StagingIndex(columns, directories, tree)
}

class TreeReader {
  readonly entries = createPackedEntries()
  readonly directories = new Map<string, KnownDirectory>()
  readonly #source: BlockSource
  readonly #options: WalkLimits
  readonly #budget: WalkBudget

  constructor(source: BlockSource, options: WalkLimits) {
    this.#source = source
    this.#options = options
    this.#budget = new WalkBudget(options)
  }

  /** `prefix` ends with a slash, or is ''. */
  async directory(prefix: string, opened: DirectoryNode, depth: number): Promise<void> {
    const { cid } = opened.node
    this.directories.set(prefix.slice(0, -1), { cid, tsize: declaredTsize(opened.node) })
    for (const link of await collectLinks(this.#source, opened, this.#options)) {
      const entry = toEntry(link)
      const path = prefix + entry.name
      const { node, directory } = await openNode(this.#source, entry, this.#options)
      this.#budget.pass(cid, node.size)
      if (directory === undefined || directory.node.count === 0) {
        const { kind, contentCid, size } = node
        const staged = { ...NO_STAMP, stage: 0 as const, kind, contentCid, size, racy: false }
        this.entries.add({ ...staged, path, cid: entry.cid, tsize: entry.tsize })
      } else {
        this.#budget.enter(entry.cid, path, depth + 1)
        await this.directory(`${path}/`, directory, depth + 1)
      }
    }
  }
}
