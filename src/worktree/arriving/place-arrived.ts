import { closeSync, constants, fchmodSync, fstatSync, linkSync, openSync, rmSync } from 'node:fs'

import { type EntryToWrite, type FileModes, stampOf } from '../checkout/write-entry.ts'
import type { StatStamp } from '../index/index-entry.ts'
import type { ArrivingFiles } from './arriving-files.ts'

/**
 * Puts a file that arrived whole where nothing is, and returns its stat data; undefined where none did, or where it cannot be
 * put there: whoever writes the file then finds out why. `onReady` is called before.
 */
export async function placeArrived(
  arriving: Pick<ArrivingFiles, 'take'> | undefined,
  { path, entry, node }: EntryToWrite,
  modes: FileModes,
  { onReady }: { onReady: () => void },
): Promise<StatStamp | undefined> {
  const arrived = await arriving?.take(entry.cid)
  if (arrived === undefined) return undefined
  try {
    onReady()
    return putInPlace(arrived, path, node.kind === 'executable' ? modes.executable : modes.file)
  } catch {
    rmSync(arrived, { force: true })
    return undefined
  }
}

function putInPlace(arrived: string, path: string, mode: number): StatStamp {
  // Nobody may read it as yet.
  const descriptor = openSync(arrived, constants.O_WRONLY | constants.O_NOFOLLOW)
  try {
    fchmodSync(descriptor, mode)
    // A rename would take the place of what somebody put there meanwhile.
    linkSync(arrived, path)
    removeName(arrived)
    // To remove the other name changes the ctime. Of the file itself: by now the path may be somebody's.
    return stampOf(fstatSync(descriptor, { bigint: true }))
  } finally {
    closeSync(descriptor)
  }
}

/** The file is in its place: whoever writes to the store next removes a name that is left. */
function removeName(path: string): void {
  try {
    rmSync(path)
  } catch {
    // As above.
  }
}
