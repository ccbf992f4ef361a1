import { createHash } from 'node:crypto'

import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { diffTrees, type NodeEntry, type TreeChange } from '../../model/tree/tree-diff.ts'
import { readFile } from '../../model/unixfs/file-content.ts'
import { diffLines } from '../text/diff-lines.ts'
import { isText } from '../text/is-text.ts'
import type { LineChange } from '../text/line-changes.ts'
import { createLineClasses } from '../text/line-classes.ts'
import { bytesOfLines, type Lines, splitLines } from '../text/lines.ts'

/** A change: two trees, undefined where there is none. */
export interface TreePair {
  before: CID | undefined
  after: CID | undefined
}

/** The paths that a change is about, and what becomes of them: changes with different keys have different ids. */
export async function changeKey(source: BlockSource, trees: TreePair, options: AbortOptions = {}): Promise<string> {
  const hash = createHash('sha256')
  for await (const change of diffTrees(source, trees.before, trees.after, options)) hash.update(headerOf(change))
  return hash.digest('hex')
}

/**
 * What names a change, whatever commit it is made on: git's patch id. For texts that is what the lines are changed from and
 * to, with three lines around and without white space, wherever in the file they stand; for other files both contents.
 */
export async function changeId(source: BlockSource, trees: TreePair, options: AbortOptions = {}): Promise<string> {
  const hash = createHash('sha256')
  for await (const change of diffTrees(source, trees.before, trees.after, options)) {
    hash.update(headerOf(change))
    const texts = await readTexts(source, change, options)
    if (texts === undefined) {
      hash.update(
        `${change.before?.node.contentCid.toString() ?? ''}\0${change.after?.node.contentCid.toString() ?? ''}\0`,
      )
    } else for (const line of hunkLines(texts.before, texts.after)) hash.update(line)
  }
  return hash.digest('hex')
}

function headerOf({ path, before, after }: TreeChange): string {
  return `${path}\0${before?.node.kind ?? ''}\0${after?.node.kind ?? ''}\0`
}

/** Above this many bytes a file counts as no text. */
const MAX_TEXT_BYTES = 16 * 2 ** 20

async function readTexts(
  source: BlockSource,
  { before, after }: TreeChange,
  options: AbortOptions,
): Promise<{ before: Lines; after: Lines } | undefined> {
  const old = await readText(source, before, options)
  const fresh = old && (await readText(source, after, options))
  return old && fresh && { before: splitLines(old), after: splitLines(fresh) }
}

async function readText(
  source: BlockSource,
  entry: NodeEntry | undefined,
  options: AbortOptions,
): Promise<Uint8Array | undefined> {
  if (entry === undefined) return new Uint8Array()
  const { node, cid } = entry
  if ((node.kind !== 'file' && node.kind !== 'executable') || node.size > MAX_TEXT_BYTES) return undefined
  const pieces: Uint8Array[] = []
  for await (const piece of readFile(source, cid, options)) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  return isText(bytes) ? bytes : undefined
}

const CONTEXT_LINES = 3

/** The lines of a diff with their marks, without white space and without the places where they stand. */
function* hunkLines(before: Lines, after: Lines): Generator<string> {
  const classes = createLineClasses()
  const changes = diffLines(classes.classify(before), classes.classify(after))
  let shown = 0
  for (const [number, change] of changes.entries()) {
    const from = Math.max(shown, change.before.start - CONTEXT_LINES)
    yield* marked(' ', before, from, change.before.start)
    yield* marked('-', before, change.before.start, change.before.end)
    yield* marked('+', after, change.after.start, change.after.end)
    const next: LineChange | undefined = changes[number + 1]
    shown = Math.min(change.before.end + CONTEXT_LINES, next?.before.start ?? before.count)
    yield* marked(' ', before, change.before.end, shown)
  }
}

function* marked(mark: string, lines: Lines, start: number, end: number): Generator<string> {
  for (let line = start; line < end; line++) {
    const text = Buffer.from(bytesOfLines(lines, line, line + 1)).toString('latin1')
    yield `${mark}${text.replaceAll(/[ \t\n\v\f\r]/g, '')}\n`
  }
}
