import { baseName } from './base-name.ts'
import type { Rename, RenameSide } from './find-renames.ts'

/**
 * Pairs removed and added paths of one content, but not of an empty one. Each added path, in their order, takes the first
 * removed one of its name that is left, else the first.
 */
export function* findExactRenames<Side extends RenameSide>(
  removed: readonly Side[],
  added: readonly Side[],
): Generator<Rename<Side>> {
  const sources = new Map<string, Sources<Side>>()
  for (const side of removed) {
    if (!isRenamable(side)) continue
    const key = contentKey(side)
    const known = sources.get(key)
    if (known === undefined) sources.set(key, new Sources(side))
    else known.add(side)
  }
  if (sources.size === 0) return
  for (const after of added) {
    const before = isRenamable(after) ? sources.get(contentKey(after))?.take(after.path) : undefined
    if (before !== undefined) yield { before, after, similarity: 1 }
  }
}

/** Removed paths of one content: there may be many thousands. */
class Sources<Side extends RenameSide> {
  readonly #all: Queue<Side> = { sides: [], next: 0 }
  readonly #byName = new Map<string, Queue<Side>>()
  readonly #taken = new Set<Side>()

  constructor(first: Side) {
    this.add(first)
  }

  add(side: Side): void {
    const name = baseName(side.path)
    const named = this.#byName.get(name)
    if (named === undefined) this.#byName.set(name, { sides: [side], next: 0 })
    else named.sides.push(side)
    this.#all.sides.push(side)
  }

  take(path: string): Side | undefined {
    const side = this.#next(this.#byName.get(baseName(path))) ?? this.#next(this.#all)
    if (side !== undefined) this.#taken.add(side)
    return side
  }

  #next(queue: Queue<Side> | undefined): Side | undefined {
    if (queue === undefined) return undefined
    for (;;) {
      const side = queue.sides[queue.next]
      if (side === undefined || !this.#taken.has(side)) return side
      queue.next++
    }
  }
}

interface Queue<Side> {
  sides: Side[]
  next: number
}

function isRenamable({ kind, size }: RenameSide): boolean {
  return kind !== 'directory' && size > 0
}

/** There may be a million of them: the bytes of a CID are half as long as its text, and need no encoding. */
function contentKey({ kind, contentCid: { bytes } }: RenameSide): string {
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  return kind === 'symlink' ? `l${key}` : key
}
