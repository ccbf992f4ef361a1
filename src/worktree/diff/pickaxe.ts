import { base64 } from 'multiformats/bases/base64'

import type { AbortOptions } from '../../model/block.ts'
import type { DiffSide, FileDiff } from './file-diff.ts'
import { diffContent, MAX_TEXT_BYTES } from './text-diff.ts'

/**
 * Whether a change is one of those looked for: `count`, the number of times that a text (or what a pattern matches) stands
 * in the file changed; `lines`, a line that was added or removed matches.
 */
export type Pickaxe = (diff: FileDiff, options?: AbortOptions) => Promise<boolean>

/** Counts of contents that are remembered: each is read once. */
const MAX_KNOWN = 100_000

/**
 * Looks for changes of how often a text stands in a file: git's `-S`. Files of any size and kind are read, piece by piece;
 * only where the content changed, and each content once.
 */
export function textCountPickaxe(text: string): Pickaxe {
  return countPickaxe((side, options) => countText(side.read(options), Buffer.from(text)))
}

/** The same for what a pattern matches: git's `-S` with `--pickaxe-regex`. Only in files of at most 16 MiB. */
export function patternCountPickaxe(pattern: RegExp): Pickaxe {
  const everywhere = new RegExp(pattern.source, `${pattern.flags.replaceAll(/[gm]/g, '')}gm`)
  return countPickaxe(async (side, options) => {
    if (side.size > MAX_TEXT_BYTES) return 0
    const bytes = Buffer.concat(await Array.fromAsync(side.read(options)))
    return [...bytes.toString('utf8').matchAll(everywhere)].length
  })
}

/** Looks for changed lines that a pattern matches: git's `-G`. Only in text of at most 16 MiB. */
export function changedLinePickaxe(pattern: RegExp): Pickaxe {
  return async (diff, options = {}) => {
    const content = await diffContent(diff, { ...options, context: 0 })
    if (!content.text) return false
    return content.hunks.some(({ lines }) => lines.some((line) => /^[-+]/.test(line) && pattern.test(line.slice(1))))
  }
}

function countPickaxe(count: (side: DiffSide, options: AbortOptions) => Promise<number>): Pickaxe {
  const known = new Map<string, number>()
  const countOf = async (side: DiffSide | undefined, options: AbortOptions): Promise<number> => {
    if (side === undefined) return 0
    const key = base64.baseEncode(side.contentCid.bytes)
    const before = known.get(key)
    if (before !== undefined) return before
    const counted = await count(side, options)
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(key, counted)
    return counted
  }
  return async ({ before, after }, options = {}) => {
    if (before !== undefined && after !== undefined && before.contentCid.equals(after.contentCid)) return false
    return (await countOf(before, options)) !== (await countOf(after, options))
  }
}

/** How often a text stands in pieces of bytes, one behind the other; also where it lies across two pieces. */
async function countText(pieces: AsyncIterable<Uint8Array>, text: Buffer): Promise<number> {
  let count = 0
  let rest: Uint8Array = new Uint8Array(0)
  for await (const piece of pieces) {
    const bytes =
      rest.length === 0 ? Buffer.from(piece.buffer, piece.byteOffset, piece.length) : Buffer.concat([rest, piece])
    let at = 0
    for (let found = bytes.indexOf(text); found !== -1; found = bytes.indexOf(text, at)) {
      count++
      at = found + text.length
    }
    rest = Uint8Array.from(bytes.subarray(Math.max(at, bytes.length - text.length + 1)))
  }
  return count
}
