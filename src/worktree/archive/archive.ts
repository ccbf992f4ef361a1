import type { CID } from 'multiformats/cid'

import type { BlockSource } from '../../model/block.ts'
import { archiveEntries, type ArchiveEntry, type ArchiveSelection } from './archive-entries.ts'
import type { ArchiveForm } from './archive-form.ts'

/** The formats of archives, by the endings of file names. */
export const ARCHIVE_FORMATS = ['tar', 'tar.gz', 'tgz', 'zip'] as const
export type ArchiveFormat = (typeof ARCHIVE_FORMATS)[number]

/** How an archive is made. */
export interface ArchiveOptions extends ArchiveSelection {
  format: ArchiveFormat
  /** Stands before each path, as it is: with a slash at its end it is a folder. */
  prefix?: string | undefined
  /** The time of every entry: seconds since 1970. The start of 1980, the first that a zip archive can say, unless given. */
  seconds?: number | undefined
  /** The commit: a zip archive names it in its comment. */
  commit?: CID | undefined
  /** 0 (no compression) to 9: 6 unless given. */
  level?: number | undefined
  /** Told each path when its entry begins. */
  onEntry?: (path: string) => void
}

/** 1980-01-01T00:00:00Z. */
const FIRST_SECOND = 315_532_800

/**
 * Makes an archive of a tree, piece by piece: files, modes, symlinks and empty directories. The same tree and options give
 * the same bytes. Every block is verified as it is read.
 *
 * Memory does not grow with the size of files; with their number only by what a zip archive says of them at its end. Throws as `archiveEntries`.
 */
export async function* createArchive(
  source: BlockSource,
  tree: CID,
  options: ArchiveOptions,
): AsyncGenerator<Uint8Array> {
  const { format, prefix = '', seconds = FIRST_SECOND, commit, level = 6 } = options
  const form: ArchiveForm = { prefix, seconds, level, comment: commit?.toString() }
  const entries = announced(withPrefix(archiveEntries(source, tree, options), prefix), options)
  if (format === 'zip') {
    const { zipArchive } = await import('./zip-archive.ts')
    yield* zipArchive(entries, form)
    return
  }
  const { tarArchive } = await import('./tar-archive.ts')
  if (format === 'tar') {
    yield* tarArchive(entries, form)
    return
  }
  const [{ compress }, { createGzip }] = await Promise.all([import('./compress.ts'), import('node:zlib')])
  yield* compress(tarArchive(entries, form), createGzip({ level }))
}

/** As git, a prefix that is a folder has an entry. */
async function* withPrefix(entries: AsyncIterable<ArchiveEntry>, prefix: string): AsyncGenerator<ArchiveEntry> {
  if (prefix.endsWith('/')) {
    yield { path: '', node: { kind: 'directory', size: 0 }, content: async function* () {} }
  }
  yield* entries
}

async function* announced(
  entries: AsyncIterable<ArchiveEntry>,
  { onEntry }: ArchiveOptions,
): AsyncGenerator<ArchiveEntry> {
  for await (const entry of entries) {
    onEntry?.(entry.path)
    yield entry
  }
}
