import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { CID } from 'multiformats/cid'

import { compareNames } from '../../model/compare.ts'
import { IntegrityError, InvalidError } from '../../model/errors.ts'
import { checkRefName } from '../../model/ref-name.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { Layout } from '../layout.ts'
import { parseCidLine } from './head.ts'
import { readPackedRefs } from './packed-refs.ts'
import { decodeRefPath, encodeRefName } from './ref-encoding.ts'
import { reflogHint } from './reflog.ts'

/** A ref: its full name and what it names. */
export interface Ref {
  name: string
  cid: CID
}

const SUFFIX = '.ref'

/**
 * The file of a ref, which holds its CID as a line of text. Throws InvalidError `ref-name-invalid` for a name that is not a
 * full name of a ref.
 */
export function refPath(layout: Layout, name: string): string {
  checkRefName(name)
  if (!name.startsWith('refs/')) {
    throw new InvalidError('ref-name-invalid', `${JSON.stringify(name)} is not the full name of a ref`, {
      hint: `full names begin with "refs/": a branch is "refs/heads/${name}"`,
      details: { name },
    })
  }
  return join(layout.directory, encodeRefName(name) + SUFFIX)
}

/**
 * What a ref's file says, or for want of one what stands in `packed-refs`, without regard to operations in progress. Throws
 * IntegrityError `ref-corrupt` and `packed-refs-corrupt`.
 */
export function readRefFile(layout: Layout, name: string): CID | undefined {
  // A ref that is moved there meanwhile is there once its file is gone.
  return readAt(layout, name, refPath(layout, name)) ?? readPackedRefs(layout).read(name)
}

/** The file that a ref stands in, or would. */
export function fileOfRef(layout: Layout, name: string): string {
  const path = refPath(layout, name)
  return existsSync(path) || readPackedRefs(layout).read(name) === undefined ? path : layout.packedRefs
}

/**
 * The refs that are `prefix` or below it (`refs/heads`, `refs/heads/`), sorted by the bytes of their names.
 *
 * What is corrupt is given to `onCorrupt` and left out; without it the first is thrown: IntegrityError `ref-corrupt`, and
 * `packed-refs-corrupt`.
 */
export function listRefFiles(layout: Layout, prefix: string, onCorrupt?: (error: IntegrityError) => void): Ref[] {
  const damaged = new Set<string>()
  const loose = listLooseRefs(layout, prefix, (error) => {
    if (onCorrupt === undefined) throw error
    damaged.add(String(error.details['ref']))
    onCorrupt(error)
  })
  // Read after the files, as what is moved there loses its file.
  const packed = packedBelow(layout, prefix, onCorrupt)
  if (packed.length === 0) return loose
  const all = new Map([...packed, ...loose].map((ref) => [ref.name, ref]))
  for (const name of damaged) all.delete(name)
  return [...all.values()].sort((a, b) => compareNames(a.name, b.name))
}

function packedBelow(layout: Layout, prefix: string, onCorrupt?: (error: IntegrityError) => void): Ref[] {
  try {
    return readPackedRefs(layout).below(prefix)
  } catch (error) {
    if (!(error instanceof IntegrityError) || onCorrupt === undefined) throw error
    onCorrupt(error)
    return []
  }
}

/** Those that have files of their own; else as `listRefFiles`. */
export function listLooseRefs(layout: Layout, prefix: string, onCorrupt?: (error: IntegrityError) => void): Ref[] {
  const base = prefix.replace(/\/$/, '')
  const refs: Ref[] = []
  const read = (name: string, path: string): void => {
    try {
      const cid = readAt(layout, name, path)
      if (cid !== undefined) {
        refs.push({ name, cid })
      }
    } catch (error) {
      if (!(error instanceof IntegrityError) || onCorrupt === undefined) {
        throw error
      }
      onCorrupt(error)
    }
  }
  const encoded = encodeRefName(base)
  if (base === prefix && base.includes('/')) {
    read(base, join(layout.directory, encoded + SUFFIX))
  }
  for (const path of filesBelow(layout.directory, encoded)) {
    // A file that is none of ours (a backup, an editor's) names no ref.
    const name = decodeRefPath(path)
    if (name !== undefined) {
      read(name, join(layout.directory, path + SUFFIX))
    }
  }
  return refs.sort((a, b) => compareNames(a.name, b.name))
}

function readAt(layout: Layout, name: string, path: string): CID | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') {
      return undefined
    }
    throw explainFsError(error, path)
  }
  const cid = parseCidLine(text)
  if (cid === undefined) {
    throw new IntegrityError('ref-corrupt', `the file of ${name} holds no CID: ${path}`, {
      hint: reflogHint(layout, name),
      details: { ref: name, path },
    })
  }
  return cid
}

/** The paths of the ref files in a folder, relative to the repository's and without suffix, with `/` between names. */
function* filesBelow(directory: string, folder: string): Generator<string> {
  let entries: Dirent[]
  try {
    entries = readdirSync(join(directory, folder), { withFileTypes: true })
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') {
      return
    }
    throw explainFsError(error, join(directory, folder))
  }
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      yield* filesBelow(directory, path)
    } else if (path.endsWith(SUFFIX)) {
      yield path.slice(0, -SUFFIX.length)
    }
  }
}
