/** Finds which paths stand where others are about to be written. */
export interface PathsInTheWay {
  /** Whether `path` is one that changes, or is a folder of one, or lies below one that becomes a file. */
  collides(path: string): boolean
}

/** The paths in the way of a change: `removed` go, `placed` come or change. */
export function createPathsInTheWay(placed: Iterable<string>, removed: Iterable<string>): PathsInTheWay {
  const exact = new Set(removed)
  const files = new Set<string>()
  const folders = new Set<string>()
  for (const path of placed) {
    exact.add(path)
    files.add(path)
    for (const folder of foldersOf(path)) {
      if (folders.has(folder)) break
      folders.add(folder)
    }
  }
  const isBelowFile = (path: string): boolean => [...foldersOf(path)].some((folder) => files.has(folder))
  return { collides: (path) => exact.has(path) || folders.has(path) || isBelowFile(path) }
}

/** The folders that a path lies in, innermost first. */
function* foldersOf(path: string): Generator<string> {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
    yield path.slice(0, slash)
}
