import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Block } from '../../src/model/block.ts'
import { cidOf, RAW } from '../../src/model/cid.ts'
import type { Store } from '../../src/store/store.ts'

/** The raw block of a text or of bytes. */
export function rawBlock(content: string | Uint8Array, codec = RAW): Block {
  const bytes = Uint8Array.from(typeof content === 'string' ? Buffer.from(content) : content)
  return { cid: cidOf(codec, bytes), bytes }
}

/** So many different blocks; `label` makes them different from others. */
export function rawBlocks(count: number, label: string): Block[] {
  return Array.from({ length: count }, (_, i) => rawBlock(`${label} ${i}`))
}

/** The block with a number: a few bytes, or some thousand, the same for the same number. */
export function numberedBlock(number: number): Block {
  return rawBlock(`block ${number} `.repeat((number % 10) ** 3 + 1))
}

/** Writes the blocks into a pack of their own and returns its path. */
export async function writePack(store: Store, blocks: Iterable<Block>): Promise<string> {
  const pack = await store.createPack()
  try {
    for (const block of blocks) pack.add(block)
    const written = await pack.finish()
    if (written === undefined) throw new Error('all blocks were known')
    return written.path
  } finally {
    pack.abort()
  }
}

/** File names of the packs of a store. */
export function packNames(store: Store): string[] {
  return readdirSync(join(store.directory, 'packs')).sort()
}

/** Changes one byte of a file, or cuts it short there. */
export function damageFile(path: string, at: number, how: 'flip' | 'cut' = 'flip'): void {
  const bytes = readFileSync(path)
  if (how === 'cut') {
    writeFileSync(path, bytes.subarray(0, at))
    return
  }
  bytes[at] = (bytes[at] ?? 0) ^ 0x01
  writeFileSync(path, bytes)
}

/** All items of an async iterable. */
export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(source)
}
