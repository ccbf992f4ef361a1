import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { parseLinkText } from '../../model/cid-text.ts'
import { DAG_PB } from '../../model/cid.ts'
import type { DirectoryNode } from '../../model/directory/directory-node.ts'
import { openDirectory } from '../../model/directory/directory-node.ts'
import { findLink, toCid } from '../../model/directory/directory-read.ts'
import { toEntry } from '../../model/directory/directory.ts'
import { scanForEntry } from '../../model/directory/entry-scan.ts'
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
  readonly #paths: readonly Path[]
  readonly #trees = new Map<string, string>()
  readonly #below = new Map<string, string>()

  constructor(source: BlockSource, paths: readonly string[]) {
    this.#source = source
    this.#paths = paths.map((path) => {
      const names = path === '' ? [] : path.split('/')
      const bytes = names.map((name) => Buffer.from(name))
      return { names, bytes, rests: names.map((_, depth) => names.slice(depth).join('/')) }
    })
  }

  isSame(before: string | undefined, after: string, options?: AbortOptions): boolean | Promise<boolean> {
    const [left, right] = [before === undefined ? this.#nothing() : this.#resolve(before), this.#resolve(after)]
    return left === undefined || right === undefined ? this.#compare(before, after, options) : left === right
  }

  async #compare(before: string | undefined, after: string, options: AbortOptions | undefined): Promise<boolean> {
    const left = before === undefined ? this.#nothing() : await this.#open(before, options)
    return left === (await this.#open(after, options))
  }

  #nothing(): string {
    return this.#paths.map(() => '').join(' ')
  }

  /** What stands at the paths of a tree: CIDs, or nothing. Undefined where that cannot be said at once. */
  #resolve(tree: string): string | undefined {
    const known = this.#trees.get(tree)
    if (known !== undefined) return known
    const bytes = this.#source.getSync?.(parseLinkText(tree))
    if (bytes === undefined) return undefined
    const ids: string[] = []
    for (const path of this.#paths) {
      const id = path.names.length === 0 ? tree : this.#scan(bytes, path, 0)
      if (id === undefined) return undefined
      ids.push(id)
    }
    return remember(this.#trees, tree, ids.join(' '))
  }

  #scan(directory: Uint8Array, path: Path, depth: number): string | undefined {
    const cid = scanForEntry(directory, path.bytes[depth] as Uint8Array)
    if (cid === undefined || cid.length === 0) return cid && ''
    const id = textOf(cid)
    if (depth === path.names.length - 1) return id
    if (cid[1] !== DAG_PB) return ''
    const key = `${id}/${path.rests[depth + 1]}`
    const known = this.#below.get(key)
    if (known !== undefined) return known
    const bytes = this.#source.getSync?.(toCid(cid))
    const found = bytes && this.#scan(bytes, path, depth + 1)
    return found === undefined ? undefined : remember(this.#below, key, found)
  }

  /** As `#resolve`, for any tree. */
  async #open(tree: string, options?: AbortOptions): Promise<string> {
    const known = this.#trees.get(tree)
    if (known !== undefined) return known
    const root = await openDirectory(this.#source, parseLinkText(tree), options)
    const ids: string[] = []
    for (const path of this.#paths) ids.push(path.names.length === 0 ? tree : await this.#find(root, path, 0, options))
    return remember(this.#trees, tree, ids.join(' '))
  }

  async #find(directory: DirectoryNode, path: Path, depth: number, options?: AbortOptions): Promise<string> {
    const link = await findLink(this.#source, directory, path.names[depth] as string, options)
    if (link === undefined) return ''
    const entry = toEntry(link)
    const id = textOf(entry.cid.bytes)
    if (depth === path.names.length - 1) return id
    if (entry.cid.code !== DAG_PB) return ''
    const key = `${id}/${path.rests[depth + 1]}`
    const known = this.#below.get(key)
    if (known !== undefined) return known
    const { directory: below } = await openNode(this.#source, entry, options)
    return remember(this.#below, key, below === undefined ? '' : await this.#find(below, path, depth + 1, options))
  }
}

/** A path, the same in bytes, and what is left of it at each depth. */
interface Path {
  names: readonly string[]
  bytes: readonly Uint8Array[]
  rests: readonly string[]
}

/** A CID as a string with a character for each byte: quicker made than its text. */
function textOf(cid: Uint8Array): string {
  return Buffer.from(cid.buffer, cid.byteOffset, cid.byteLength).toString('latin1')
}

function remember(known: Map<string, string>, key: string, value: string): string {
  const oldest = known.size < MAX_RESOLVED ? undefined : known.keys().next().value
  if (oldest !== undefined) known.delete(oldest)
  known.set(key, value)
  return value
}
