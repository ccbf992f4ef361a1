import { KIND_DIRECTORY } from '../index/index-entry.ts'
import type { StagingIndex } from '../index/staging-index.ts'

/** Tells folders (byte strings) of which something is tracked, be it only that they are there. The top always is. */
export function trackedFolders(index: StagingIndex): (folder: string) => boolean {
  const known = new Map<string, boolean>([['', true]])
  return (folder) => {
    const answer = known.get(folder)
    if (answer !== undefined) return answer
    const at = index.lowerBoundOfKey(folder)
    const isEntry = at < index.count && index.key(at) === folder && index.kindBits(at) === KIND_DIRECTORY
    const isTracked = isEntry || index.lowerBoundOfKey(`${folder}/`) < index.lowerBoundOfKey(`${folder}0`)
    known.set(folder, isTracked)
    return isTracked
  }
}
