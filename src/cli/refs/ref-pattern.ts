import { compileWildmatch, wildmatch } from '../../worktree/ignore/wildmatch.ts'
import { toByteString } from '../../worktree/index/byte-string.ts'

/** Whether a full ref name is a pattern, stands below it, or matches its wildcards (which stop at slashes). */
export function matchesRefPattern(pattern: string, name: string): boolean {
  const plain = pattern.replace(/\/$/, '')
  if (name === plain || name.startsWith(`${plain}/`)) return true
  return matchesWildcards(pattern, name, { spanning: false })
}

/** Whether the short name of a branch or tag matches one of the patterns of `--list`; `*` spans slashes. */
export function matchesShortName(patterns: readonly string[], name: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => matchesWildcards(pattern, name, { spanning: true }))
}

/** Whether a full ref name matches wildcards that span slashes: those of `--branches=PATTERN` and `--glob`. */
export function matchesRefGlob(pattern: string, name: string): boolean {
  return matchesWildcards(pattern, name, { spanning: true })
}

function matchesWildcards(pattern: string, name: string, options: { spanning: boolean }): boolean {
  const compiled = compileWildmatch(toByteString(pattern), options)
  return compiled !== undefined && wildmatch(compiled, toByteString(name))
}
