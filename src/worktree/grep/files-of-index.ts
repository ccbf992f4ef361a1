import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { compareByteStrings, fromByteString } from '../index/byte-string.ts'
import { KIND_EXECUTABLE } from '../index/index-entry.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import type { PathFilter } from '../pathspec/pathspec.ts'
import { readTreeFile } from './read-tree-file.ts'
import { readWorkingFile } from './read-working-file.ts'
import type { SearchedFile } from './searched-file.ts'
import type { SilentBlocks } from './silent-blocks.ts'

export interface FilesOfIndexOptions extends AbortOptions {
  filter?: PathFilter | undefined
}

/** The files of the index with what is staged, sorted by path; not those in conflict. */
export async function* filesOfIndex(
  source: BlockSource,
  index: StagingIndex,
  { filter, silent, signal }: FilesOfIndexOptions & { silent: SilentBlocks },
): AsyncGenerator<SearchedFile> {
  for (const position of positions(index, filter)) {
    signal?.throwIfAborted()
    if (index.stage(position) !== 0) continue
    const { cid } = index.cids(position)
    if (silent.has(cid)) continue
    const path = index.path(position)
    const file = { path, content: () => readTreeFile(source, path, { cid }, { signal }), isSilent: false }
    yield file
    if (file.isSilent) silent.add(cid)
  }
}

/** The files of the working tree that the index has, and others (byte strings, sorted), as they are now; sorted by path. */
export async function* filesOfWorktree(
  worktree: string,
  index: StagingIndex,
  { filter, others = [], signal }: FilesOfIndexOptions & { others?: readonly string[] },
): AsyncGenerator<SearchedFile> {
  let next = 0
  let before: string | undefined
  const fileOf = (path: string): SearchedFile => {
    return { path, content: () => readWorkingFile(worktree, path, { signal }), isSilent: false }
  }
  for (const position of positions(index, filter)) {
    signal?.throwIfAborted()
    const key = index.key(position)
    // A path in conflict has several entries, and is one file.
    if (key === before) continue
    before = key
    for (; next < others.length && compareByteStrings(others[next] as string, key) < 0; next++) {
      yield fileOf(fromByteString(others[next] as string))
    }
    yield fileOf(index.path(position))
  }
  for (const key of others.slice(next)) yield fileOf(fromByteString(key))
}

function* positions(index: StagingIndex, filter: PathFilter | undefined): Generator<number> {
  for (let position = 0; position < index.count; position++) {
    // Symlinks and empty directories come behind.
    if (index.kindBits(position) > KIND_EXECUTABLE) continue
    if (filter === undefined || filter.matches(index.key(position))) yield position
  }
}
