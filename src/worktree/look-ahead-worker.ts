import { lstatSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

import type { PlacesToLookAt } from './scan/look-ahead.ts'

/*
 * Entry of a worker thread: says of many tracked files whether their stat data is what the index has. It loads nothing of
 * the rest of the program, so that it begins at once.
 */

const STAT_OPTIONS = { bigint: true, throwIfNoEntry: false } as const
const TYPE_MASK = 0o170000
const TYPE_DIRECTORY = 0o040000

/** Goes through the places from the last one on: whoever looks at them meanwhile begins at the first. */
function look(places: PlacesToLookAt): void {
  const { prefix, modeMask, modes, mtimeNs, ctimeNs, inode, size, seen, isStopped } = places
  const pathAt = pathReader(places)
  markUnreachable(places, pathAt)
  for (let position = modes.length - 1; position >= 0 && isStopped[0] === 0; position--) {
    const mode = modes[position] as number
    if (mode === 0) continue
    const stat = statOf(prefix + pathAt(position))
    if (
      stat !== undefined &&
      (Number(stat.mode) & modeMask) === mode &&
      stat.mtimeNs === mtimeNs[position] &&
      stat.ctimeNs === ctimeNs[position] &&
      BigInt.asIntN(64, stat.ino) === inode[position] &&
      Number(stat.size) === size[position]
    )
      seen[position] = 1
  }
}

/** What is below anything but a folder (a symlink to one, say) is not looked at. */
function markUnreachable(
  { prefix, modes, directories }: PlacesToLookAt,
  pathAt: (position: number, length?: number) => string,
): void {
  const { first, entries, pathLength } = directories
  for (let directory = 1; directory < first.length; directory++) {
    const from = first[directory] as number
    const stat = statOf(prefix + pathAt(from, pathLength[directory]))
    if (stat !== undefined && (Number(stat.mode) & TYPE_MASK) === TYPE_DIRECTORY) continue
    modes.fill(0, from, from + (entries[directory] as number))
  }
}

function pathReader({ paths, pathStart }: PlacesToLookAt): (position: number, length?: number) => string {
  const bytes = Buffer.from(paths.buffer, paths.byteOffset, paths.byteLength)
  return (position, length) => {
    const start = pathStart[position] as number
    return bytes.toString('utf8', start, length === undefined ? pathStart[position + 1] : start + length)
  }
}

function statOf(path: string) {
  try {
    return lstatSync(path, STAT_OPTIONS)
  } catch {
    return undefined
  }
}

look(workerData as PlacesToLookAt)
