import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { DirectoryNode } from '../../model/directory/directory-node.ts'
import { toEntry } from '../../model/directory/directory.ts'
import { JzfsError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import type { NodeEntry } from '../../model/tree/tree-diff.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import { openNode } from '../../model/unixfs/node.ts'

/** What an entry turned out to be. */
export type OpenedEntry =
  | { kind: 'none' }
  /** A file or a symlink. */
  | { kind: 'file'; entry: NodeEntry }
  | { kind: 'directory'; directory: DirectoryNode }

/** Reads what an entry is: nothing but its own block, and of a small plain file not even that. Errors name the path. */
export async function openEntry(
  source: BlockSource,
  path: string,
  link: Link | undefined,
  options?: AbortOptions,
): Promise<OpenedEntry> {
  if (link === undefined) return { kind: 'none' }
  const entry = toEntry(link)
  const { node, directory } = await namingPath(path, () => openNode(source, entry, options))
  if (directory === undefined) return { kind: 'file', entry: { ...entry, node } }
  return { kind: 'directory', directory }
}

/** The link of an entry. */
export function linkOf(entry: Pick<NodeEntry, 'cid' | 'tsize'>, name: string): Link {
  return { name, cid: entry.cid.bytes, tsize: entry.tsize }
}

/** Runs what reads blocks of a path, and puts the path in front of what it says is missing or damaged. */
export async function namingPath<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof JzfsError) || 'path' in error.details) throw error
    const Family = error.constructor as new (...args: ConstructorParameters<typeof JzfsError>) => JzfsError
    throw new Family(error.code, `cannot read ${quoteName(path)}: ${error.message}`, {
      ...(error.hint !== undefined && { hint: error.hint }),
      cause: error.cause ?? error,
      details: { ...error.details, path },
    })
  }
}

/** The same of what is read piece by piece. */
export async function* namingPieces<T>(path: string, pieces: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = pieces[Symbol.asyncIterator]()
  for (;;) {
    const { done, value } = await namingPath(path, () => iterator.next())
    if (done === true) return
    yield value
  }
}
