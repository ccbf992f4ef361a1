import { closeSync, fstatSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What time it is by the clock of a file system: the mtime, in nanoseconds, of a file that is made in `directory` and removed
 * again. Undefined where nothing can be written there.
 *
 * A file whose times are older than this was not changed since, unless its times change.
 */
export function fileSystemClock(directory: string): bigint | undefined {
  const path = join(directory, `clock-${process.pid}-${process.hrtime.bigint()}`)
  try {
    const file = openSync(path, 'wx')
    try {
      return fstatSync(file, { bigint: true }).mtimeNs
    } finally {
      closeSync(file)
      rmSync(path, { force: true })
    }
  } catch {
    return undefined
  }
}
