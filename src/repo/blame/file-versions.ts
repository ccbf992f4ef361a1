import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { InvalidError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { resolvePath } from '../../model/tree/tree-walk.ts'
import { readFile } from '../../model/unixfs/file-content.ts'
import { readNode } from '../../model/unixfs/node.ts'
import { type ClassifiedText, classifyLike, classifyText } from '../text/classify-like.ts'
import { createLineClasses } from '../text/line-classes.ts'

/** A file of one commit. */
export interface FileVersion {
  cid: CID
  contentCid: CID
  size: number
}

/** The versions of files as numbers of their lines, of which the last ones used are remembered. */
export interface FileVersions {
  /** The file at a path; undefined where there is none, or something else. */
  find(tree: CID, path: string): Promise<FileVersion | undefined>
  read(version: FileVersion): Promise<Uint8Array>
  /** The numbers of the lines of a version. It is fastest if it is like the one before. */
  lines(version: FileVersion): Promise<Int32Array>
  /** The same of bytes that no commit has. */
  linesOf(bytes: Uint8Array): Int32Array
}

export interface FileVersionsOptions extends AbortOptions {
  /** Whether lines are the same where only white space differs. */
  ignoresSpace?: boolean | undefined
}

/** Larger files are not blamed. */
export const MAX_BLAMED_BYTES = 64 * 2 ** 20

/** Line numbers that are remembered: 4 bytes each. */
const MAX_KEPT_LINES = 8_000_000

/** Reads versions of files from a store. */
export function createFileVersions(source: BlockSource, options: FileVersionsOptions): FileVersions {
  const classes = createLineClasses()
  const known = new Map<string, Int32Array>()
  let keptLines = 0
  let last: ClassifiedText | undefined
  const linesOf = (bytes: Uint8Array): Int32Array => {
    const compared = options.ignoresSpace === true ? withoutSpace(bytes) : bytes
    last = last === undefined ? classifyText(classes, compared) : classifyLike(classes, compared, last)
    return last.classes
  }
  const remember = (key: string, lines: Int32Array) => {
    known.set(key, lines)
    keptLines += lines.length
    for (const [oldest, { length }] of known) {
      if (keptLines <= MAX_KEPT_LINES) break
      known.delete(oldest)
      keptLines -= length
    }
  }
  const read = (version: FileVersion) => readWhole(source, version, options)
  return {
    find: (tree, path) => findFile(source, tree, path, options),
    read,
    linesOf,
    async lines(version) {
      const key = version.contentCid.toString()
      const lines = known.get(key) ?? linesOf(await read(version))
      if (!known.has(key)) remember(key, lines)
      return lines
    },
  }
}

async function findFile(
  source: BlockSource,
  tree: CID,
  path: string,
  options: AbortOptions,
): Promise<FileVersion | undefined> {
  const entry = await resolvePath(source, tree, path, options)
  if (entry === undefined) return undefined
  const { kind, contentCid, size } = await readNode(source, entry, options)
  return kind === 'file' || kind === 'executable' ? { cid: entry.cid, contentCid, size } : undefined
}

async function readWhole(source: BlockSource, { cid, size }: FileVersion, options: AbortOptions): Promise<Uint8Array> {
  if (size > MAX_BLAMED_BYTES) throw tooLarge(cid.toString(), size)
  const pieces: Uint8Array[] = []
  for await (const piece of readFile(source, cid, options)) pieces.push(piece)
  return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
}

/** The refusal to blame a file; `name` is its path or CID. */
export function tooLarge(name: string, size: number): InvalidError {
  return new InvalidError('blame-too-large', `${quoteName(name)} is too large to be blamed: ${size} bytes`, {
    hint: `files of up to ${MAX_BLAMED_BYTES} bytes are compared line by line; see who changed it with \`jzfs log -- PATH\``,
    details: { file: name, size },
  })
}

/** The same lines without their white space. */
function withoutSpace(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte) => byte === LINE_FEED || (byte !== 32 && (byte < 9 || byte > 13)))
}

const LINE_FEED = 10
