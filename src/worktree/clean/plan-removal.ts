import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { fsErrorCode } from '../../store/fs-errors.ts'
import { compareByteStrings, fromByteString } from '../index/byte-string.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import type { PathFilter } from '../pathspec/pathspec.ts'
import { isEmptyFolder } from '../rewrite/scan-in-the-way.ts'
import type { Unwanted } from './find-unwanted.ts'
import { foldersAbove, parentKeyOf } from './paths-within.ts'
import { trackedFolders } from './tracked-folders.ts'

/** What goes, and what is left of the folders it was in; byte strings. */
export interface Removal {
  /** What goes, sorted: a folder that goes with all that is in it is one, with a final slash. */
  shown: string[]
  /** Folders that stay, with nothing in them. */
  emptied: string[]
}

/** Works out which folders go with what is in them, and which stay empty. */
export function planRemoval(
  worktree: string,
  index: StagingIndex,
  unwanted: Unwanted,
  { filter, isOthersToo, onlyIgnored }: { filter: PathFilter | undefined; isOthersToo: boolean; onlyIgnored: boolean },
): Removal {
  const others = unwanted.others.map(({ key }) => key)
  const kept = isOthersToo ? unwanted.kept.filter((key) => !isWithinAny(key, others)) : [...unwanted.kept, ...others]
  const keptAbove = new Set(kept.flatMap((key) => [...foldersAbove(key), key]))
  const isTracked = trackedFolders(index)
  const known = new Map<string, boolean>()
  const goesWhole = (folder: string): boolean => {
    const answer = known.get(folder)
    if (answer !== undefined) return answer
    const isAll = filter === undefined || filter.coverage(`${folder}/`) === 'all'
    const goes = !isTracked(folder) && isAll && !keptAbove.has(folder) && (!onlyIgnored || unwanted.isIgnored(folder))
    known.set(folder, goes)
    return goes
  }
  const shown = new Set<string>()
  const removals = [
    ...unwanted.paths.map((found) => ({ key: found.key, isFolder: isEmptyFolder(found) })),
    ...(isOthersToo
      ? unwanted.others.map(({ key, reason }) => ({ key, isFolder: reason === 'nested-repository' }))
      : []),
  ]
  for (const { key, isFolder } of removals) {
    const folder = foldersAbove(key).find(goesWhole)
    shown.add(folder === undefined ? `${key}${isFolder ? '/' : ''}` : `${folder}/`)
  }
  return { shown: [...shown].sort(compareByteStrings), emptied: emptiedFolders(worktree, shown) }
}

function isWithinAny(key: string, folders: readonly string[]): boolean {
  return folders.some((folder) => key === folder || key.startsWith(`${folder}/`))
}

/** The folders that stay, though all that is in them goes. */
function emptiedFolders(worktree: string, shown: ReadonlySet<string>): string[] {
  const parents = new Set(Array.from(shown, (key) => parentKeyOf(key.replace(/\/$/, ''))))
  parents.delete('')
  return [...parents].filter((folder) =>
    namesIn(join(worktree, fromByteString(folder))).every((name) => {
      const key = `${folder}/${name}`
      return shown.has(key) || shown.has(`${key}/`)
    }),
  )
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path, { encoding: 'latin1' })
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return []
    throw error
  }
}
