import { InvalidError } from '../../model/errors.ts'
import type { WordRules, WordStyle } from '../../worktree/diff/word-diff.ts'

/** The options that show changes word by word. */
interface WordFlags {
  wordDiff?: string
  wordDiffRegex?: string
  colorWords?: string
}

/** How words are compared and shown; undefined where lines are. InvalidError `usage`. */
export function readWordRules({ wordDiff, wordDiffRegex, colorWords }: WordFlags): WordRules | undefined {
  if (wordDiff === 'none') return undefined
  const pattern = wordDiffRegex ?? (colorWords === '' ? undefined : colorWords)
  const style = wordDiff ?? (colorWords === undefined ? undefined : 'color')
  if (style === undefined && pattern === undefined) return undefined
  return { style: readStyle(style ?? 'plain'), word: pattern === undefined ? undefined : readPattern(pattern) }
}

function readStyle(text: string): WordStyle {
  if (text === 'plain' || text === 'color' || text === 'porcelain') return text
  throw new InvalidError('usage', `--word-diff wants plain, color, porcelain or none, not "${text}"`)
}

/** Reads a regular expression from a command line. InvalidError `usage`. */
export function readPattern(text: string, flags = ''): RegExp {
  try {
    return new RegExp(text, `${flags}u`)
  } catch (error) {
    throw new InvalidError('usage', `"${text}" is no regular expression`, { cause: error })
  }
}
