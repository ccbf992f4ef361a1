import { appendFileSync, readFileSync } from 'node:fs'

import { writeFileDurably } from './durable.ts'
import { fsErrorCode } from './fs-errors.ts'

/**
 * Which blocks were found corrupt in which packs, remembered between processes: adding or fetching such a block again
 * stores it again, where otherwise it would be dropped as known.
 */
export interface DamageList {
  /** Whether anything is on the list: nearly never. */
  readonly isEmpty: boolean
  has(packName: string, digest: Uint8Array): boolean
  /** Whether anything in this pack was found corrupt. */
  hasPack(packName: string): boolean
  /** Notes a corrupt block, or with an empty digest that the pack itself is. Where that cannot be written (read-only), it is remembered by this process alone. */
  add(packName: string, digest: Uint8Array): void
  /** Forgets what was noted about some packs: they are there no more, or were written anew. */
  forget(isMeant: (packName: string) => boolean): Promise<void>
}

/** The list at `path`, a line `PACK DIGEST` for each block; read at first use. */
export function createDamageList(path: string, options: { readonly: boolean }): DamageList {
  let lines: Set<string> | undefined
  const present = (): Set<string> => (lines ??= readLines(path))
  return {
    get isEmpty() {
      return present().size === 0
    },
    has: (packName, digest) => present().has(lineOf(packName, digest)),
    hasPack: (packName) => [...present()].some((line) => line.startsWith(`${packName} `)),
    add: (packName, digest) => {
      const line = lineOf(packName, digest)
      if (present().has(line)) return
      present().add(line)
      if (options.readonly) return
      try {
        appendFileSync(path, `${line}\n`)
      } catch (error) {
        if (fsErrorCode(error) === undefined) throw error
      }
    },
    forget: async (isMeant) => {
      const before = present()
      if (before.size === 0) return
      const after = new Set([...before].filter((line) => !isMeant(line.slice(0, line.indexOf(' ')))))
      if (after.size === before.size) return
      lines = after
      await writeFileDurably(path, [...after, ''].join('\n'))
    },
  }
}

function lineOf(packName: string, digest: Uint8Array): string {
  return `${packName} ${Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString('hex')}`
}

function readLines(path: string): Set<string> {
  try {
    return new Set(readFileSync(path, 'latin1').split('\n').filter(Boolean))
  } catch (error) {
    if (fsErrorCode(error) === undefined) throw error
    return new Set()
  }
}
