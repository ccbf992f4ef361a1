import { compileWildmatch, wildmatch } from './wildmatch.ts'
import type { Wildmatch } from './wildmatch.ts'

/** One pattern of an ignore file. All texts are byte strings. */
export interface IgnoreRule {
  /** The pattern as written, without trailing spaces. */
  text: string
  /** The file it stands in, as it is shown. */
  source: string
  /** Line in the file, from 1. */
  line: number
  /** `!`: what it matches is not ignored. */
  isNegated: boolean
  isDirectoryOnly: boolean
  /** Matches against the last name of a path, at any depth; otherwise against the path below the file's directory. */
  isBasename: boolean
  /** What the text must begin with, before the wildcard part. */
  literal: string
  /** The part from the first wildcard on; undefined: there is none, the literal is the whole. */
  wildcard: Wildmatch | undefined
  /** `*` + literal: what a name must end with. */
  suffix: string | undefined
}

/** Reads the patterns of an ignore file, given as a byte string. Format: gitignore(5). */
export function parseIgnoreFile(content: string, source: string): IgnoreRule[] {
  const text = content.startsWith('\u00ef\u00bb\u00bf') ? content.slice(3) : content
  const rules: IgnoreRule[] = []
  for (const [at, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue
    const rule = parseRule(trimTrailingSpaces(line.endsWith('\r') ? line.slice(0, -1) : line), source, at + 1)
    if (rule !== undefined) rules.push(rule)
  }
  return rules
}

/** Cuts trailing spaces that no backslash protects, and all from a NUL on. */
function trimTrailingSpaces(line: string): string {
  let end = 0
  for (let at = 0; at < line.length && line[at] !== '\0'; at++) {
    if (line[at] === '\\') at++
    else if (line[at] === ' ') continue
    end = Math.min(at + 1, line.length)
  }
  return line.slice(0, end)
}

function parseRule(text: string, source: string, line: number): IgnoreRule | undefined {
  const isNegated = text.startsWith('!')
  const written = isNegated ? text.slice(1) : text
  const isDirectoryOnly = written.endsWith('/')
  const pattern = isDirectoryOnly ? written.slice(0, -1) : written
  const isBasename = !pattern.includes('/')
  const anchored = pattern.startsWith('/') ? pattern.slice(1) : pattern
  if (anchored === '') return undefined
  const rule = { text, source, line, isNegated, isDirectoryOnly, isBasename, suffix: undefined, wildcard: undefined }
  if (isBasename && pattern.startsWith('*') && literalLength(pattern.slice(1)) === pattern.length - 1) {
    return { ...rule, literal: '', suffix: pattern.slice(1) }
  }
  const length = literalLength(anchored)
  const literal = anchored.slice(0, length)
  if (length === anchored.length) return { ...rule, literal }
  // As in git, `**` right after the literal part counts as at the start of a pattern.
  const wildcard = compileWildmatch(anchored.slice(length))
  return wildcard === undefined ? undefined : { ...rule, literal, wildcard }
}

/** How many characters come before the first wildcard or backslash. */
function literalLength(pattern: string): number {
  const found = pattern.search(/[*?[\\]/)
  return found === -1 ? pattern.length : found
}

/**
 * Whether a rule is about a path (byte string), whatever it then says.
 *
 * `nameStart` is where its last name starts, `baseLength` where the path below the rule's directory starts.
 */
export function matchesRule(
  rule: IgnoreRule,
  path: string,
  nameStart: number,
  baseLength: number,
  isDirectory: boolean,
): boolean {
  if (rule.isDirectoryOnly && !isDirectory) return false
  if (rule.suffix !== undefined) {
    return path.length - nameStart >= rule.suffix.length && path.endsWith(rule.suffix)
  }
  const start = rule.isBasename ? nameStart : baseLength
  const { literal, wildcard } = rule
  if (wildcard === undefined) return path.length - start === literal.length && path.endsWith(literal)
  return path.startsWith(literal, start) && wildmatch(wildcard, path, start + literal.length)
}
