import { packEntries } from '../pack/pack-entries.ts'
import type { Pack } from '../pack/pack.ts'
import type { LiveBlocks } from './live-blocks.ts'

/**
 * The sections of a pack in the order of the file, each twice its start, and one more where it is wanted; then twice the
 * end of the last one. Flat: 8 bytes a section.
 */
export type SectionSpans = Float64Array

/** The spans of a pack by its index. `isWanted` is asked for live blocks; those of foreign hash functions are always wanted. */
export function sectionSpans(pack: Pack, live: LiveBlocks, isWanted: (block: number) => boolean): SectionSpans {
  const layout = pack.layout()
  const count = (layout?.groups ?? []).reduce((sum, group) => sum + group.count, 0)
  const spans = new Float64Array(count + 1)
  let next = 0
  let wantedSections = 0
  for (const { words, at, start } of packEntries(pack)) {
    const block = words === undefined ? undefined : live.findWords(words, at)
    const wanted = block === undefined || (block !== -1 && isWanted(block))
    if (wanted) wantedSections++
    spans[next++] = start * 2 + (wanted ? 1 : 0)
  }
  spans.subarray(0, next).sort()
  spans[next] = (layout?.indexOffset ?? 0) * 2
  return spans.subarray(0, next + 1)
}

/** A piece of the file that holds whole sections, all wanted. */
export interface SectionRun {
  start: number
  end: number
}

/** The wanted sections as runs of neighbours, each of at most `maxBytes` or one section. */
export function* wantedRuns(spans: SectionSpans, maxBytes: number): Generator<SectionRun> {
  for (let at = 0; at + 1 < spans.length; at++) {
    if (spans[at]! % 2 === 0) continue
    const start = Math.floor(spans[at]! / 2)
    let end = Math.floor(spans[at + 1]! / 2)
    while (at + 2 < spans.length && spans[at + 1]! % 2 === 1 && Math.floor(spans[at + 2]! / 2) - start <= maxBytes) {
      at++
      end = Math.floor(spans[at + 1]! / 2)
    }
    yield { start, end }
  }
}

/** Bytes of the sections that are not wanted. */
export function unwantedBytes(spans: SectionSpans): number {
  let bytes = 0
  for (let at = 0; at + 1 < spans.length; at++) {
    if (spans[at]! % 2 === 0) bytes += Math.floor(spans[at + 1]! / 2) - Math.floor(spans[at]! / 2)
  }
  return bytes
}
