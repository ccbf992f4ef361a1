import { toByteString } from '../index/byte-string.ts'
import type { EntryKind } from '../index/index-entry.ts'
import type { PathFilter } from '../pathspec/pathspec.ts'

/** A path that changes, and what it becomes: undefined where it goes. */
export interface PathChange {
  path: string
  after: EntryKind | undefined
}

/** Finds what stands where paths are about to be written; as a filter, it leads a scan there and nowhere else. */
export interface PathsInTheWay extends PathFilter {
  /** Whether the path (a byte string) is one of those that change, not only in the way of one. */
  isChanged(key: string): boolean
}

/** The paths that change, the folders that have to be there for them, and all that lies below one that becomes a file. */
export function createPathsInTheWay(changes: Iterable<PathChange>): PathsInTheWay {
  const changed = new Set<string>()
  const files = new Set<string>()
  /** Where folders have to be; and all folders that lead to a change. */
  const needed = new Set<string>()
  const above = new Set<string>()
  for (const { path, after } of changes) {
    const key = toByteString(path)
    changed.add(key)
    if (after !== undefined && after !== 'directory') files.add(key)
    addFoldersOf(key, above)
    if (after !== undefined) addFoldersOf(key, needed)
  }
  const isBelowFile = (key: string): boolean => files.size > 0 && foldersOf(key).some((folder) => files.has(folder))
  return {
    isChanged: (key) => changed.has(key),
    matches: (key) => changed.has(key) || needed.has(key) || isBelowFile(key),
    coverage: (directory) => {
      const key = directory.slice(0, -1)
      if (files.has(key) || isBelowFile(key)) return 'all'
      return key === '' || above.has(key) || changed.has(key) ? 'some' : 'none'
    },
  }
}

function addFoldersOf(key: string, folders: Set<string>): void {
  for (const folder of foldersOf(key)) {
    if (folders.has(folder)) return
    folders.add(folder)
  }
}

/** The folders that a path lies in, innermost first. */
function foldersOf(key: string): string[] {
  const folders: string[] = []
  for (let slash = key.lastIndexOf('/'); slash > 0; slash = key.lastIndexOf('/', slash - 1)) {
    folders.push(key.slice(0, slash))
  }
  return folders
}
