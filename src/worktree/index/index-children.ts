import { findDirectory } from './index-directories.ts'
import type { StagingIndex } from './staging-index.ts'

/** Something directly in a directory of the index. */
export interface IndexChild {
  /** Byte string of its name. */
  name: string
  /** Position of the entry, or of the first one below a directory. */
  position: number
  /** The child in the index' directories; -1 for an entry. */
  directory: number
}

/**
 * What is directly in a directory of the index, in the index' order. `prefixLength` is that of the directory's byte
 * string with its final slash.
 */
export function* indexChildren(
  index: StagingIndex,
  directory: number,
  prefixLength: number,
): Generator<IndexChild, void, undefined> {
  const { first, entries } = index.directories
  const from = first[directory] as number
  const to = from + (entries[directory] as number)
  let next = directory + 1
  let position = from
  while (position < to) {
    const key = index.key(position)
    if (first[next] !== position) {
      yield { name: key.slice(prefixLength), position, directory: -1 }
      position++
      continue
    }
    const end = position + (entries[next] as number)
    yield { name: key.slice(prefixLength, key.indexOf('/', prefixLength)), position, directory: next }
    while (next < first.length && (first[next] as number) < end) next++
    position = end
  }
}

/** What is at a path (byte string): an entry, or a directory with entries below; undefined where nothing is. */
export function findChild(index: StagingIndex, key: string): Omit<IndexChild, 'name'> | undefined {
  const position = index.lowerBoundOfKey(key)
  if (position < index.count && index.key(position) === key) return { position, directory: -1 }
  const first = index.lowerBoundOfKey(`${key}/`)
  const directory = findDirectory(index.columns, index.directories, key, first)
  return directory === -1 ? undefined : { position: first, directory }
}
