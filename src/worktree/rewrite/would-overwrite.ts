import { ConflictError } from '../../model/errors.ts'

/** How many paths a message names. */
const NAMED = 10

/** The error for local work that a command would write over: ConflictError `would-overwrite` (details: `paths`). */
export function wouldOverwrite(what: string, paths: Iterable<string>, hint: string): ConflictError {
  const all = [...new Set(paths)].sort()
  return new ConflictError('would-overwrite', `${what}: ${listPaths(all)}`, { hint, details: { paths: all } })
}

/** The first of a list of paths, and how many more there are. */
export function listPaths(paths: readonly string[]): string {
  const more = paths.length > NAMED ? `, and ${paths.length - NAMED} more` : ''
  return paths.slice(0, NAMED).join(', ') + more
}
