import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'

import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { Layout } from '../layout.ts'

/** Binary, configuration, or said by the files themselves not to matter. */
const NOT_STATE = /^(?:config\.json|index|damaged|.*\.db(?:-.*)?|.*\.holder|.*\.tmp)$/

/**
 * The small files in a repository's folder that say what is in progress: a sequence, a bisection, the operation that is not
 * finished. Everything counts that is not known to be something else, so that a file of a newer version is not passed over.
 */
export function stateFiles(layout: Layout): string[] {
  const { directory, refs, packedRefs, logs, ops, tmp, packs, loose, setAside, pending } = layout
  const others = new Set([refs, packedRefs, logs, ops, tmp, packs, loose, setAside].map((path) => basename(path)))
  const isState = (name: string): boolean => !others.has(name) && !NOT_STATE.test(name)
  // Records that could not be read are kept for what they name; damaged packs and blocks are not searched.
  const isRecord = (name: string): boolean => ![packs, loose].some((path) => basename(path) === name)
  return [...filesBelow(directory, isState), ...filesBelow(setAside, isRecord), pending]
}

function filesBelow(folder: string, isMeant: (name: string) => boolean): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name)
      if (!isMeant(entry.name)) return []
      if (entry.isDirectory()) return filesBelow(path, (name) => !NOT_STATE.test(name))
      return entry.isFile() ? [path] : []
    })
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return []
    throw explainFsError(error, folder)
  }
}
