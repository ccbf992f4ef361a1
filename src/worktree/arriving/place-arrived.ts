import { chmodSync, linkSync, lstatSync, rmSync } from 'node:fs'

import type { EntryToWrite, FileModes } from '../checkout/write-entry.ts'
import { stampOf } from '../checkout/write-entry.ts'
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
    chmodSync(arrived, node.kind === 'executable' ? modes.executable : modes.file)
    // A rename would take the place of what somebody put there meanwhile.
    linkSync(arrived, path)
  } catch {
    rmSync(arrived, { force: true })
    return undefined
  }
  rmSync(arrived, { force: true })
  // To remove the other name changes the ctime.
  return stampOf(lstatSync(path, { bigint: true }))
}
