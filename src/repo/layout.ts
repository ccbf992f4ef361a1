import { join } from 'node:path'

/** The name of the folder that makes a directory a repository. */
export const REPOSITORY_FOLDER = '.jzfs'

/** Version of the repository's format on disk, written to `core.format`. A reader refuses a newer one. */
export const FORMAT_VERSION = 1

/** Where everything lies in one repository: absolute paths. `src/repo` knows them by these names only. */
export interface Layout {
  /** The `.jzfs` folder, or the folder of a bare repository. */
  directory: string
  /** Configuration; written last by init, so it is the mark of a complete repository. */
  config: string
  head: string
  refs: string
  /** Refs that stand together in one file; a file of its own below `refs` comes first. */
  packedRefs: string
  logs: string
  index: string
  /** What interrupted adds have stored of big files. */
  addProgress: string
  /** What waits for its user: a merge with conflicts, for one. Not there where nothing does. */
  sequence: string
  /** Operation entries: `pending.json`, and those done by number. */
  ops: string
  pending: string
  /** What is being written; only renames lead out of it. */
  tmp: string
  lock: string
  /** Held by `gc` as long as it runs: one at a time. */
  gcLock: string
  /** Leased by whoever writes blocks. */
  leases: string
  packs: string
  loose: string
  /** What `fsck --repair` has taken out of the way: damaged packs and loose blocks in `packs` and `loose`, records by their paths. */
  setAside: string
}

/** The paths of the repository whose `.jzfs` (or bare) folder is `directory`. */
export function layoutOf(directory: string): Layout {
  const ops = join(directory, 'ops')
  return {
    directory,
    config: join(directory, 'config.json'),
    head: join(directory, 'HEAD'),
    refs: join(directory, 'refs'),
    packedRefs: join(directory, 'packed-refs'),
    logs: join(directory, 'logs'),
    index: join(directory, 'index'),
    addProgress: join(directory, 'add-progress.json'),
    sequence: join(directory, 'sequence.json'),
    ops,
    pending: join(ops, 'pending.json'),
    tmp: join(directory, 'tmp'),
    lock: join(directory, 'lock.db'),
    gcLock: join(directory, 'gc.db'),
    leases: join(directory, 'leases.db'),
    packs: join(directory, 'packs'),
    loose: join(directory, 'loose'),
    setAside: join(directory, 'set-aside'),
  }
}
