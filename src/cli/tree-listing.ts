import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../model/block.ts'
import { listDirectory } from '../model/directory/directory.ts'
import { quoteName } from '../model/quote-name.ts'
import { type NodeKind, readNode } from '../model/unixfs/node.ts'
import { styled } from './style.ts'
import type { Terminal } from './terminal.ts'

/** An entry of a directory with what it is. */
export interface ListedEntry {
  /** From the directory that is listed. */
  path: string
  kind: NodeKind
  cid: CID
  /** Bytes of a file or of a symlink's target; of a directory, of all blocks below it as it declares. */
  size: number
  target: string | undefined
}

/** How a tree is listed. */
export interface TreeListing extends AbortOptions {
  /** Whether directories are gone into: all, or those that are said. */
  recursive: boolean | ((path: string) => boolean)
  /** Entries of no interest are not opened. */
  passes?: (path: string) => boolean
}

/** The entries of a directory, sorted; with `recursive` each directory is followed by what is in it. */
export async function* listTree(
  store: BlockSource,
  directory: CID,
  options: TreeListing,
  prefix = '',
): AsyncGenerator<ListedEntry> {
  const { recursive, passes } = options
  for await (const entry of listDirectory(store, directory, options)) {
    options.signal?.throwIfAborted()
    const path = prefix + entry.name
    if (passes?.(path) === false) continue
    const { kind, size, target } = await readNode(store, entry, options)
    yield { path, kind, cid: entry.cid, size: kind === 'directory' ? entry.tsize : size, target }
    const isEntered = typeof recursive === 'function' ? recursive(path) : recursive
    if (isEntered && kind === 'directory') yield* listTree(store, entry.cid, options, `${path}/`)
  }
}

/** The name of an entry as a listing shows it: quoted where needed, directories with a slash, in colour. */
export function shownName(
  terminal: Pick<Terminal, 'color'>,
  { path, kind }: Pick<ListedEntry, 'path' | 'kind'>,
): string {
  const name = quoteName(kind === 'directory' ? `${path}/` : path)
  const color = COLORS[kind]
  return color === undefined ? name : styled(terminal, color, name)
}

const COLORS = { directory: 'blue', executable: 'green', symlink: 'cyan', file: undefined } as const

/** The modes of git for what a tree can hold. */
export const GIT_MODES: Readonly<Record<NodeKind, string>> = {
  file: '100644',
  executable: '100755',
  symlink: '120000',
  directory: '040000',
}
