import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { NodeEntry } from '../../model/tree/tree-diff.ts'
import { readFile } from '../../model/unixfs/file-content.ts'
import { isText } from '../text/is-text.ts'
import { type BlockReceiver, storeFile, withMode } from './file-mode.ts'
import type { FileVersions } from './merge-plan.ts'
import { namingPath } from './open-entry.ts'
import { isSameContent } from './same-content.ts'
import { MAX_MERGED_BYTES } from './text/max-merged-bytes.ts'
import type { MergeOptions } from './tree-merge.ts'

/** How contents are merged: the options of the merge, all of them known. */
export interface ContentOptions extends AbortOptions {
  labels: { base: string; ours: string; theirs: string }
  favour: MergeOptions['favour']
  style: MergeOptions['style']
  /** How deep in the making of a virtual base: 0 in the merge itself. */
  depth: number
}

/** Three versions of a file, or of a symlink: ours and theirs are of one type. */
export interface ContentVersions extends Pick<FileVersions, 'paths'> {
  stages: { base?: NodeEntry | undefined; ours: NodeEntry; theirs: NodeEntry }
}

/** git's size of marks: seven signs, and two more for each virtual base. */
export function markerSize({ depth }: Pick<ContentOptions, 'depth'>): number {
  return 7 + 2 * depth
}

/** A merged file. */
export interface MergedContent {
  /** Undefined only in a virtual base: nothing there is like what the sides have. */
  entry: NodeEntry | undefined
  /** What could not be merged; undefined: nothing. */
  conflict: 'content' | 'binary' | 'symlink' | 'mode' | undefined
  /** Whether texts were merged line by line. */
  isTextMerged: boolean
}

/**
 * Merges contents, by content CID, and executable bits, each on their own. Only where both sides changed a text is it read,
 * and then merged line by line; other files are a conflict as a whole, and so are two targets of a symlink: `entry` is ours.
 *
 * `markerSize` is that of the marks; they are larger where marks may stand in marked text.
 */
export async function mergeContent(
  source: BlockSource,
  receive: BlockReceiver,
  { stages, paths }: ContentVersions,
  options: ContentOptions & { markerSize: number },
): Promise<MergedContent> {
  const { ours, theirs } = stages
  // A base that is a symlink has nothing in common with files.
  const base = stages.base !== undefined && isSymlink(stages.base) && !isSymlink(ours) ? undefined : stages.base
  const content = await mergeBytes(source, { stages: { base, ours, theirs }, paths }, options)
  if (isSymlink(ours) || isSymlink(theirs)) return content
  const { executable, isClean } = mergeModes({ base, ours, theirs })
  const entry =
    content.entry === undefined
      ? storeFile(content.bytes ?? new Uint8Array(), ours.name, executable, receive)
      : await namingPath(paths.ours, () => withMode(source, content.entry as NodeEntry, executable, receive, options))
  return { ...content, entry, conflict: content.conflict ?? (isClean ? undefined : 'mode') }
}

type Merged = MergedContent & { bytes?: Uint8Array }

async function mergeBytes(
  source: BlockSource,
  versions: ContentVersions,
  options: ContentOptions & { markerSize: number },
): Promise<Merged> {
  const { base, ours, theirs } = versions.stages
  const settled = (entry: NodeEntry | undefined, conflict?: MergedContent['conflict']): Merged => {
    return { entry, conflict, isTextMerged: false }
  }
  const isSame = (a: NodeEntry | undefined, b: NodeEntry) =>
    namingPath(versions.paths.ours, () => isSameContent(source, a, b, options))
  if ((await isSame(ours, theirs)) || (await isSame(base, theirs))) return settled(ours)
  if (await isSame(base, ours)) return settled(theirs)
  if (isSymlink(ours) || isSymlink(theirs)) return settled(...chooseWhole(versions, 'symlink', options))
  const texts = await readTexts(source, versions, options)
  if (texts === undefined) return settled(...chooseWhole(versions, 'binary', options))
  const { mergeText } = await import('./text/merge-text.ts')
  const { style, favour, markerSize, depth } = options
  const { bytes, conflicts } = mergeText(texts, {
    labels: labelsOf(versions.paths, options.labels),
    style,
    favour: depth === 0 ? favour : undefined,
    markerSize,
  })
  return { entry: undefined, bytes, conflict: conflicts === 0 ? undefined : 'content', isTextMerged: true }
}

/** What is taken where nothing can be merged; in a virtual base what its own base has (or nothing), which is of no side. */
function chooseWhole(
  { stages: { base, ours, theirs } }: ContentVersions,
  conflict: 'binary' | 'symlink',
  { favour, depth }: ContentOptions,
): [NodeEntry | undefined, MergedContent['conflict']?] {
  if (depth > 0) return [base, conflict]
  if (favour === undefined) return [ours, conflict]
  return [favour === 'ours' ? ours : theirs]
}

/** The bytes of texts that can be merged; undefined where one is none, or is too large. */
async function readTexts(
  source: BlockSource,
  { stages, paths }: ContentVersions,
  options: AbortOptions,
): Promise<{ base: Uint8Array; ours: Uint8Array; theirs: Uint8Array } | undefined> {
  const texts = { base: new Uint8Array(), ours: new Uint8Array(), theirs: new Uint8Array() }
  const versions = ['base', 'ours', 'theirs'] as const
  if (versions.some((version) => (stages[version]?.node.size ?? 0) > MAX_MERGED_BYTES)) return undefined
  for (const version of versions) {
    const entry = stages[version]
    if (entry === undefined) continue
    const bytes = await namingPath(paths[version], () => readText(source, entry, options))
    if (bytes === undefined) return undefined
    texts[version] = bytes
  }
  return texts
}

async function readText(
  source: BlockSource,
  { cid, tsize }: NodeEntry,
  options: AbortOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const pieces: Uint8Array[] = []
  for await (const piece of readFile(source, cid, { ...options, tsize })) {
    if (pieces.length === 0 && !isText(piece)) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** git's labels: with the path behind where the sides have the file at different ones. */
function labelsOf(paths: FileVersions['paths'], labels: ContentOptions['labels']): ContentOptions['labels'] {
  if (paths.base === paths.ours && paths.ours === paths.theirs) return labels
  const { base, ours, theirs } = labels
  return { base: `${base}:${paths.base}`, ours: `${ours}:${paths.ours}`, theirs: `${theirs}:${paths.theirs}` }
}

function mergeModes(stages: ContentVersions['stages']): { executable: boolean; isClean: boolean } {
  const ours = stages.ours.node.kind
  const theirs = stages.theirs.node.kind
  const base = stages.base?.node.kind
  if (ours === theirs || ours === base) return { executable: theirs === 'executable', isClean: true }
  return { executable: ours === 'executable', isClean: theirs === base }
}

function isSymlink({ node }: NodeEntry): boolean {
  return node.kind === 'symlink'
}
