import type { PathFilter } from '../pathspec/pathspec.ts'

/** The folder that a path (a byte string) lies in; '' for what lies at the top. */
export function parentKeyOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf('/')))
}

/** All folders that a path lies in, outermost first. */
export function foldersAbove(key: string): string[] {
  const folders: string[] = []
  for (let slash = key.indexOf('/'); slash !== -1; slash = key.indexOf('/', slash + 1))
    folders.push(key.slice(0, slash))
  return folders
}

/** The paths (byte strings) that are one of these, or lie below one. */
export function pathsWithin(keys: Iterable<string>): PathFilter {
  const whole = new Set(keys)
  const above = new Set([...whole].flatMap((key) => ['', ...foldersAbove(key)]))
  const matches = (key: string): boolean => whole.has(key) || foldersAbove(key).some((folder) => whole.has(folder))
  return {
    matches,
    coverage: (directory) => {
      const key = directory.slice(0, -1)
      if (matches(key)) return 'all'
      return above.has(key) ? 'some' : 'none'
    },
  }
}
