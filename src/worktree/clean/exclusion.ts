import { parseIgnoreFile } from '../ignore/ignore-rule.ts'
import { isExcluding, matchIgnore } from '../ignore/ignore.ts'
import { toByteString } from '../index/byte-string.ts'
import { foldersAbove } from './paths-within.ts'

/** Whether patterns of a command line, as of an ignore file at the top, match a path (a byte string) or a folder that it lies in. */
export function createExclusion(patterns: readonly string[]): (key: string, isFolder: boolean) => boolean {
  const rules = parseIgnoreFile(toByteString(patterns.join('\n')), 'the command line')
  if (rules.length === 0) return () => false
  const level = { rules, baseLength: 0, above: undefined, excluded: undefined }
  const folders = new Map<string, boolean>()
  const isExcludedFolder = (folder: string): boolean => {
    const known = folders.get(folder)
    if (known !== undefined) return known
    const answer = isExcluding(matchIgnore(level, folder, true))
    folders.set(folder, answer)
    return answer
  }
  return (key, isFolder) => foldersAbove(key).some(isExcludedFolder) || isExcluding(matchIgnore(level, key, isFolder))
}
