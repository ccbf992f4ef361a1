import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import { EMPTY_DIRECTORY, findEntry, listDirectory } from '../../model/directory/directory.ts'
import type { Entry } from '../../model/directory/directory.ts'
import { walkTree } from '../../model/tree/tree-walk.ts'
import { readNode } from '../../model/unixfs/node.ts'
import { compareByteStrings, fromByteString, toByteString } from '../index/byte-string.ts'
import { findChild, indexChildren } from '../index/index-children.ts'
import { isKnown, knownDirectory, staleDirectory } from '../index/index-directories.ts'
import type { EntryKind } from '../index/index-entry.ts'
import type { StagingIndex } from '../index/staging-index.ts'

/** What a path stands for on one side of a change. */
export interface ChangeSide {
  kind: EntryKind
  cid: CID
  /** The CID without the mode. */
  contentCid: CID
  size: number
}

/** A path that the index has otherwise than the tree. */
export interface StagedChange {
  path: string
  /** Where the file was, if the path is a renamed one, and how alike both are, up to 1. */
  from?: string
  similarity?: number
  before: ChangeSide | undefined
  after: ChangeSide | undefined
}

/**
 * What differs between a tree (undefined: none) and the index, sorted by the bytes of the paths. Paths in conflict are
 * left out. Directories whose CID the index knows to be the tree's are not looked into: the cost is that of what changed.
 */
export async function stagedChanges(
  source: BlockSource,
  tree: CID | undefined,
  index: StagingIndex,
  options: AbortOptions = {},
): Promise<StagedChange[]> {
  const comparison = new Comparison(source, index, options)
  await comparison.directory('', 0, tree ?? EMPTY_DIRECTORY.cid)
  return comparison.changes
    .sort((a, b) => compareByteStrings(a.key, b.key))
    .map(({ key, before, after }) => ({ path: fromByteString(key), before, after }))
}

interface KeyedChange {
  key: string
  before: ChangeSide | undefined
  after: ChangeSide | undefined
}

class Comparison {
  readonly changes: KeyedChange[] = []
  readonly #source: BlockSource
  readonly #index: StagingIndex
  readonly #options: AbortOptions

  constructor(source: BlockSource, index: StagingIndex, options: AbortOptions) {
    this.#source = source
    this.#index = index
    this.#options = options
  }

  /** Compares a directory of the index with one of the tree. `prefix` is a byte string with a final slash, or ''. */
  async directory(prefix: string, directory: number, tree: CID): Promise<void> {
    if (this.#isKnownAs(directory, tree)) return
    const stale = staleDirectory(this.#index.directories, directory)
    if (stale?.cid.equals(tree) === true) {
      await this.#names(prefix, stale.names, tree)
      return
    }
    const before = await this.#entriesOf(tree)
    for (const { name, position, directory: child } of indexChildren(this.#index, directory, prefix.length)) {
      const entry = before.get(name)
      before.delete(name)
      if (child !== -1) await this.#childDirectory(prefix + name, child, entry)
      else if (this.#index.stage(position) === 0) await this.#leaf(prefix + name, position, entry)
    }
    for (const [name, entry] of before) await this.#remove(prefix + name, entry)
  }

  /** Compares what the index remembers to have changed in a large directory, and reads no more of the tree's. */
  async #names(prefix: string, names: readonly string[], tree: CID): Promise<void> {
    for (const name of names) {
      const entry = await findEntry(this.#source, tree, fromByteString(name), this.#options)
      const child = findChild(this.#index, prefix + name)
      if (child === undefined) {
        if (entry !== undefined) await this.#remove(prefix + name, entry)
      } else if (child.directory !== -1) {
        await this.#childDirectory(prefix + name, child.directory, entry)
      } else if (this.#index.stage(child.position) === 0) {
        await this.#leaf(prefix + name, child.position, entry)
      }
    }
  }

  #isKnownAs(directory: number, cid: CID): boolean {
    const { directories } = this.#index
    return isKnown(directories, directory) && knownDirectory(directories, directory)?.cid.equals(cid) === true
  }

  async #entriesOf(tree: CID): Promise<Map<string, Entry>> {
    const entries = new Map<string, Entry>()
    if (tree.equals(EMPTY_DIRECTORY.cid)) return entries
    for await (const entry of listDirectory(this.#source, tree, this.#options))
      entries.set(toByteString(entry.name), entry)
    return entries
  }

  async #childDirectory(key: string, directory: number, entry: Entry | undefined): Promise<void> {
    if (entry !== undefined && entry.cid.code !== RAW) {
      if (this.#isKnownAs(directory, entry.cid)) return
      const node = await readNode(this.#source, entry, this.#options)
      if (node.kind === 'directory') {
        await this.directory(`${key}/`, directory, entry.cid)
        // It was an entry of its own as long as there was nothing in it.
        if (await this.#isEmpty(entry.cid))
          this.changes.push({ key, before: { ...node, cid: entry.cid }, after: undefined })
        return
      }
    }
    if (entry !== undefined) await this.#remove(key, entry)
    const from = this.#index.directories.first[directory] as number
    const to = from + (this.#index.directories.entries[directory] as number)
    for (let position = from; position < to; position++) {
      if (this.#index.stage(position) === 0) this.#add(position)
    }
  }

  async #leaf(key: string, position: number, entry: Entry | undefined): Promise<void> {
    if (entry === undefined) {
      this.#add(position)
      return
    }
    if (this.#index.hasCid(position, entry.cid)) return
    const node = await readNode(this.#source, entry, this.#options)
    if (node.kind === 'directory' && !(await this.#isEmpty(entry.cid))) {
      await this.#remove(key, entry)
      this.#add(position)
      return
    }
    this.changes.push({ key, before: { ...node, cid: entry.cid }, after: this.#side(position) })
  }

  async #isEmpty(directory: CID): Promise<boolean> {
    return (await this.#entriesOf(directory)).size === 0
  }

  #add(position: number): void {
    this.changes.push({ key: this.#index.key(position), before: undefined, after: this.#side(position) })
  }

  #side(position: number): ChangeSide {
    const index = this.#index
    return {
      kind: index.kind(position),
      ...index.cids(position),
      size: index.columns.size[position] as number,
    }
  }

  /** Reports an entry of the tree, or all that is in it, as gone. */
  async #remove(key: string, entry: Entry): Promise<void> {
    const node = await readNode(this.#source, entry, this.#options)
    if (node.kind !== 'directory' || (await this.#isEmpty(entry.cid))) {
      this.changes.push({ key, before: { ...node, cid: entry.cid }, after: undefined })
      return
    }
    for await (const leaf of walkTree(this.#source, entry.cid, this.#options)) {
      const before = { ...leaf.node, cid: leaf.entry.cid }
      this.changes.push({ key: `${key}/${toByteString(leaf.path)}`, before, after: undefined })
    }
  }
}
