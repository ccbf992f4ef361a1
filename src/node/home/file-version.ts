import { statSync } from 'node:fs'

/** Changes when the file or folder at `path` is replaced or changed; within a tick of the clock see `isRecentlyChanged`. */
export function versionOfFile(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? 'none' : `${stat.dev}:${stat.ino}:${stat.mtimeNs}:${stat.size}`
}

/** The coarsest clock that file systems stamp changes with, in milliseconds. */
const CLOCK_TICK_MS = 2000

/** Whether another change could bear the same time as the last one. */
export function isRecentlyChanged(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat !== undefined && Date.now() - stat.mtimeMs < CLOCK_TICK_MS
}
