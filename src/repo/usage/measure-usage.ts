import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { RAW, SHA2_256 } from '../../model/cid.ts'
import type { DirectoryNode } from '../../model/directory/directory-node.ts'
import { collectLinks } from '../../model/directory/directory-read.ts'
import { toEntry } from '../../model/directory/directory.ts'
import { resolvePath } from '../../model/tree/tree-walk.ts'
import { WalkBudget } from '../../model/tree/walk-budget.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import { fileLeaves } from '../../model/unixfs/file-content.ts'
import { openNode } from '../../model/unixfs/node.ts'
import { namingPath } from '../merge/open-entry.ts'
import { createUsageTally, type Usage, type UsageTally } from './usage-tally.ts'

/** What a folder of a tree, or a file that was named, takes up. */
export interface UsageRow extends Usage {
  /** Which of the trees that were given: its position. */
  tree: number
  /** From the top of that tree; '' is all of it. */
  path: string
}

export interface MeasuredUsage {
  /** A folder comes after those in it, folders of one in the order of their names' bytes. */
  rows: UsageRow[]
  /** All together; what is shared is what stands in several of the trees and paths that were named. */
  total: Usage
  /** Paths that no tree has. */
  missing: string[]
}

export interface MeasureUsageOptions extends AbortOptions {
  /** What to measure in each tree: all of it unless given. Of two paths within each other the outer one counts. */
  paths?: readonly string[]
  /** Folders deeper below a path than this have no row of their own. */
  maxDepth?: number
  onProgress?: (progress: { files: number; blocks: number }) => void
}

/**
 * Measures trees: sizes of files, and the blocks behind them, each of which counts once wherever it stands. Only folders and
 * the inner nodes of big files are read. Memory: 52 bytes a block, and the rows.
 *
 * Throws what reading throws, naming the path (details: `path`): NotFoundError `block-missing`, IntegrityError `tree-invalid`.
 */
export async function measureUsage(
  source: BlockSource,
  trees: readonly CID[],
  { paths = [''], maxDepth = Infinity, signal, onProgress }: MeasureUsageOptions = {},
): Promise<MeasuredUsage> {
  const tally = createUsageTally()
  const named: { tree: number; path: string; place: number }[] = []
  const missing = new Set(paths.filter((path) => !paths.some((other) => isBelow(path, other))))
  const outermost = [...missing]
  let files = 0
  const onFile = () => onProgress?.({ files: ++files, blocks: tally.blocks })
  for (const [tree, root] of trees.entries()) {
    for (const path of outermost) {
      const entry = await resolvePath(source, root, path, { signal })
      if (entry === undefined) continue
      missing.delete(path)
      const place = tally.enter(0)
      const onFolder = (folder: string, at: number) => named.push({ tree, path: folder, place: at })
      const walk = new UsageWalk(source, tally, { maxDepth, signal, onFolder, onFile })
      const top = { place, path, depth: 0 }
      await walk.measure({ name: '', cid: entry.cid.bytes, tsize: entry.tsize }, top, () => top)
      named.push({ tree, path, place })
    }
  }
  const usages = tally.usages()
  return {
    rows: named.map(({ tree, path, place }) => ({ tree, path, ...usages[place]! })),
    total: usages[0]!,
    missing: [...missing],
  }
}

function isBelow(path: string, other: string): boolean {
  return path !== other && (other === '' || path.startsWith(`${other}/`))
}

interface WalkOptions extends AbortOptions {
  maxDepth: number
  /** Called for each folder below the top of the walk that has a place of its own, when it has been gone through. */
  onFolder: (path: string, place: number) => void
  onFile: () => void
}

/** What is being gone through. */
interface Spot {
  place: number
  /** From the top of the tree. */
  path: string
  /** Below what was named. */
  depth: number
}

/** Goes through one tree, and adds what it passes to a tally. */
class UsageWalk {
  readonly #source: BlockSource
  readonly #tally: UsageTally
  readonly #options: WalkOptions
  readonly #budget: WalkBudget

  constructor(source: BlockSource, tally: UsageTally, options: WalkOptions) {
    this.#source = source
    this.#tally = tally
    this.#options = options
    this.#budget = new WalkBudget(options)
  }

  /** Measures an entry. `enter` gives the spot of what turns out to be a folder. */
  async measure(link: Link, spot: Spot, enter: () => Spot): Promise<void> {
    if (isRaw(link.cid)) {
      this.#tally.addBlock(spot.place, link.cid.subarray(link.cid.length - 32), link.tsize)
      this.#tally.addContent(spot.place, link.tsize)
      return this.#options.onFile()
    }
    const entry = toEntry(link)
    let blockSize = 0
    const watched = this.#watched((_cid, size) => (blockSize = size))
    const { node, directory } = await openNode(watched, entry, this.#options)
    if (directory !== undefined) return this.#measureFolder(directory, enter())
    this.#tally.addContent(spot.place, node.size)
    if (node.kind === 'symlink') this.#addBlock(spot.place, entry.cid, blockSize)
    else await this.#measureFile(entry.cid, spot.place)
    this.#options.onFile()
  }

  async #measureFolder(directory: DirectoryNode, { place, path, depth }: Spot): Promise<void> {
    const { cid, bytes } = directory.node
    this.#budget.enter(cid, path, depth)
    this.#addBlock(place, cid, bytes.length)
    const shards = this.#watched((shard, size) => this.#addBlock(place, shard, size))
    for (const link of await collectLinks(shards, directory, this.#options)) {
      this.#budget.pass(cid, 0)
      const below = { path: path === '' ? link.name : `${path}/${link.name}`, depth: depth + 1 }
      let entered = place
      const enter = (): Spot => {
        if (below.depth <= this.#options.maxDepth) entered = this.#tally.enter(place)
        return { ...below, place: entered }
      }
      await namingPath(below.path, () => this.measure(link, { ...below, place }, enter))
      if (entered !== place) this.#options.onFolder(below.path, entered)
    }
  }

  async #measureFile(file: CID, place: number): Promise<void> {
    const nodes = this.#watched((node, size) => this.#addBlock(place, node, size))
    for await (const { cid, size } of fileLeaves(nodes, file, this.#options)) {
      // Others are nodes, and were read.
      if (cid.code === RAW) this.#addBlock(place, cid, size)
    }
  }

  #addBlock(place: number, { multihash }: CID, sizeBytes: number): void {
    if (multihash.code === SHA2_256) this.#tally.addBlock(place, multihash.digest, sizeBytes)
  }

  /** The source, with each block that is read told. */
  #watched(onBlock: (cid: CID, sizeBytes: number) => void): BlockSource {
    return {
      get: async (cid, options) => {
        const bytes = await this.#source.get(cid, options)
        onBlock(cid, bytes.length)
        return bytes
      },
    }
  }
}

function isRaw(cid: Uint8Array): boolean {
  return cid[0] === 1 && cid[1] === RAW
}
