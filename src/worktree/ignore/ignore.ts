import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { InvalidError } from '../../model/errors.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import { fromByteString, toByteString } from '../index/byte-string.ts'
import { matchesRule, parseIgnoreFile } from './ignore-rule.ts'
import type { IgnoreRule } from './ignore-rule.ts'

/** The name of the files that say what is ignored in their directory and below. */
export const IGNORE_FILE = '.jzfsignore'

/** Bytes of one ignore file. */
const MAX_IGNORE_BYTES = 8 * 2 ** 20

/**
 * What is ignored within one directory: its own rules, then those of the directories above, then the repository's.
 * Directories without an ignore file share the level above.
 */
export interface IgnoreLevel {
  rules: readonly IgnoreRule[]
  /** Length of the byte string of the directory with its final slash. */
  baseLength: number
  above: IgnoreLevel | undefined
  /** The rule that excluded this directory, and with it all that is in it. */
  excluded: IgnoreRule | undefined
}

/** Why a path is ignored, or by which `!` pattern it is not. */
export interface IgnoreMatch {
  /** The ignore file, from the top of the working tree (`.jzfs/info/exclude` for the repository's own). */
  source: string
  line: number
  pattern: string
  isIgnored: boolean
}

/** The level of the top of a working tree: `.jzfs/info/exclude`, then the top's own ignore file. */
export function openIgnore(worktree: string, excludeFile: string): IgnoreLevel {
  const rules = readRules(excludeFile, '.jzfs/info/exclude')
  const shared: IgnoreLevel = { rules, baseLength: 0, above: undefined, excluded: undefined }
  return withRulesOf(worktree, '', shared)
}

/**
 * The level of a directory below the one of `above`. `directory` is its byte string with a final slash; `excluded` what
 * `matchIgnore` said of it; `hasFile` tells that there is no ignore file, which saves looking for one.
 */
export function enterDirectory(
  worktree: string,
  above: IgnoreLevel,
  directory: string,
  excluded: IgnoreRule | undefined,
  hasFile = true,
): IgnoreLevel {
  if (above.excluded !== undefined) return above
  if (excluded !== undefined && !excluded.isNegated) return { rules: [], baseLength: 0, above, excluded }
  return hasFile ? withRulesOf(worktree, directory, above) : above
}

function withRulesOf(worktree: string, directory: string, above: IgnoreLevel): IgnoreLevel {
  const source = `${fromByteString(directory)}${IGNORE_FILE}`
  const rules = readRules(join(worktree, source), source)
  return rules.length === 0 ? above : { rules, baseLength: directory.length, above, excluded: undefined }
}

function readRules(path: string, source: string): IgnoreRule[] {
  let file: number
  try {
    // As git: an ignore file that is a symlink is not followed.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(fsErrorCode(error) ?? '')) return []
    throw explainFsError(error, path)
  }
  try {
    const stat = fstatSync(file)
    if (!stat.isFile()) return []
    if (stat.size > MAX_IGNORE_BYTES) {
      throw new InvalidError(
        'ignore-file-too-large',
        `${source} has ${stat.size} bytes, more than ${MAX_IGNORE_BYTES}`,
        {
          hint: 'write patterns in place of lists of names',
          details: { path: source, sizeBytes: stat.size },
        },
      )
    }
    return parseIgnoreFile(readFileSync(file, 'latin1'), source)
  } finally {
    closeSync(file)
  }
}

/**
 * The rule that decides about a path (byte string) in the directory of `level`: the last that matches, of the nearest
 * ignore file that has one. A negated one says: not ignored.
 */
export function matchIgnore(level: IgnoreLevel, path: string, isDirectory: boolean): IgnoreRule | undefined {
  if (level.excluded !== undefined) return level.excluded
  const nameStart = path.lastIndexOf('/') + 1
  for (let at: IgnoreLevel | undefined = level; at !== undefined; at = at.above) {
    const { rules, baseLength } = at
    for (let number = rules.length - 1; number >= 0; number--) {
      const rule = rules[number] as IgnoreRule
      if (matchesRule(rule, path, nameStart, baseLength, isDirectory)) return rule
    }
  }
  return undefined
}

/** Whether what `matchIgnore` returned says: ignored. */
export function isExcluding(rule: IgnoreRule | undefined): boolean {
  return rule !== undefined && !rule.isNegated
}

/**
 * Which pattern decides whether a path is ignored, the index left aside (`check-ignore -v --no-index`); undefined where no
 * pattern matches. `top` is from `openIgnore`.
 */
export function explainIgnore(
  worktree: string,
  top: IgnoreLevel,
  path: string,
  isDirectory: boolean,
): IgnoreMatch | undefined {
  const key = toByteString(path)
  let level = top
  for (let slash = key.indexOf('/'); slash !== -1; slash = key.indexOf('/', slash + 1)) {
    const rule = matchIgnore(level, key.slice(0, slash), true)
    level = enterDirectory(worktree, level, key.slice(0, slash + 1), rule)
  }
  const rule = matchIgnore(level, key, isDirectory)
  if (rule === undefined) return undefined
  const { source, line, text, isNegated } = rule
  return { source, line, pattern: fromByteString(text), isIgnored: !isNegated }
}
