import type { AbortOptions } from '../../model/block.ts'
import { compareByteStrings, toByteString } from '../index/byte-string.ts'
import { joinRenames } from '../status/join-renames.ts'
import type { DiffSide, FileDiff } from './file-diff.ts'
import type { DiffOptions } from './find-diffs.ts'

/** What was found in the order in which it is shown, by the bytes of the paths, with renames joined and what is not wanted left out. */
export async function orderDiffs(found: readonly FileDiff[], options: DiffOptions): Promise<FileDiff[]> {
  const { renames = true, similarity: threshold, isReversed = false, keeps, within = '', signal } = options
  const inside = within === '' ? found : found.flatMap((diff) => fromFolder(diff, `${within}/`))
  const diffs = inside.map((diff) => ({ key: toByteString(diff.path), diff: isReversed ? reversed(diff) : diff }))
  const sorted = diffs.sort((a, b) => compareByteStrings(a.key, b.key)).map(({ diff }) => diff)
  const read = (side: DiffSide, reading: AbortOptions) => side.read(reading)
  const joined = renames ? await joinRenames<DiffSide, FileDiff>(sorted, { threshold, signal, read }) : sorted
  return keeps === undefined ? joined : joined.filter(keeps)
}

function fromFolder(diff: FileDiff, folder: string): FileDiff[] {
  return diff.path.startsWith(folder) ? [{ ...diff, path: diff.path.slice(folder.length) }] : []
}

function reversed({ path, beforePath, before, after, ...rest }: FileDiff): FileDiff {
  const paths = beforePath === undefined ? { path } : { path: beforePath, beforePath: path }
  return { ...rest, ...paths, before: after, after: before }
}
