import { createHash } from 'node:crypto'

import type { CID } from 'multiformats/cid'

import { parseLinkText } from '../../model/cid-text.ts'
import { compareNames } from '../../model/compare.ts'
import type { Ref } from './ref-files.ts'

/** The first line of the file, without the digest of what follows: `jzfs packed refs 1 HEX`. */
const START = 'jzfs packed refs 1 '

/** Refs in one text: read as they are asked for. */
export interface PackedRefs {
  readonly count: number
  /** What a ref names; undefined for one that is not among them. */
  read(name: string): CID | undefined
  /** The refs that are `prefix` or below it, sorted by the bytes of their names. */
  below(prefix: string): Ref[]
}

export const NO_PACKED_REFS: PackedRefs = { count: 0, read: () => undefined, below: () => [] }

/**
 * The text of refs in one file: a line with the SHA-256 of the rest, then a line for each ref, its CID and its name, sorted by the
 * bytes of the names.
 */
export function formatPackedRefs(refs: Iterable<Ref>): string {
  const sorted = [...refs].sort((a, b) => compareNames(a.name, b.name))
  const body = sorted.map(({ name, cid }) => `${cid.toString()} ${name}\n`).join('')
  return `${START}${digestOf(body)}\n${body}`
}

/** Reads what `formatPackedRefs` makes. Throws an Error, which says what is wrong, for anything else. */
export function parsePackedRefs(text: string): PackedRefs {
  const end = text.indexOf('\n')
  const body = text.slice(end + 1)
  if (end === -1 || !text.startsWith(START)) throw new Error('it does not start as packed refs do')
  if (text.slice(START.length, end) !== digestOf(body)) throw new Error('its digest is another')
  const texts = new Map(linesOf(body).map(({ name, text: cid }) => [name, cid]))
  const names = [...texts.keys()]
  return {
    count: names.length,
    read(name) {
      const cid = texts.get(name)
      return cid === undefined ? undefined : parseLinkText(cid)
    },
    below(prefix) {
      const base = prefix.replace(/\/$/, '')
      const isBelow = (name: string): boolean => name.startsWith(`${base}/`) || name === prefix
      return names.filter(isBelow).map((name) => ({ name, cid: parseLinkText(texts.get(name) as string) }))
    },
  }
}

/** The refs of a damaged text, as far as its lines can be read: with what they may have named. */
export function salvagePackedRefs(text: string): Map<string, CID | undefined> {
  return new Map(
    linesOf(text)
      .filter(({ name }) => name.startsWith('refs/'))
      .map(({ name, text: cid }) => [name, tryParse(cid)]),
  )
}

function linesOf(text: string): { name: string; text: string }[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const space = line.indexOf(' ')
      return { name: line.slice(space + 1), text: line.slice(0, space) }
    })
}

function tryParse(text: string): CID | undefined {
  try {
    return parseLinkText(text)
  } catch {
    return undefined
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
