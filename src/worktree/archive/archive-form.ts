import type { NodeKind } from '../../model/unixfs/node.ts'

/** What an archive says beside its entries. */
export interface ArchiveForm {
  /** Stands before each path. */
  prefix: string
  /** The time of every entry, in seconds since 1970. */
  seconds: number
  /** The CID of the commit, kept as the archive's comment where the format has one. */
  comment?: string | undefined
  /** 0 (store) to 9, where the format compresses. */
  level: number
}

/** File type and permissions of each kind of entry (POSIX `st_mode`). */
export const ARCHIVE_MODES: Readonly<Record<NodeKind, number>> = {
  file: 0o100644,
  executable: 0o100755,
  symlink: 0o120777,
  directory: 0o040755,
}
