import { readFileSync, statSync } from 'node:fs'

import { IntegrityError } from '../../model/errors.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { Layout } from '../layout.ts'
import type { DurableChanges } from '../operation/durable-changes.ts'
import { formatPackedRefs, NO_PACKED_REFS, type PackedRefs, parsePackedRefs } from './packed-refs-format.ts'
import type { Ref } from './ref-files.ts'

/** So many refs are worth one file: a thousand files of their own take fifty times as long to read. */
export const MANY_REFS = 32

/** Refs that come and go, or whose files say more than their values, are never packed. */
const PACKABLE = /^refs\/(?:heads|tags|remotes|pins)\//

export function isPackable(name: string): boolean {
  return PACKABLE.test(name)
}

/**
 * The refs that stand together in `packed-refs`. A ref with a file of its own is what that file says, whatever is here: so whoever
 * reads both looks for the file first. Throws IntegrityError `packed-refs-corrupt` (details: `path`).
 */
export function readPackedRefs(layout: Layout): PackedRefs {
  const { packedRefs: path } = layout
  const version = versionOf(path)
  if (version === undefined) return NO_PACKED_REFS
  const known = read.get(layout)
  if (known?.version === version) return known.refs
  const refs = parse(path)
  read.set(layout, { version, refs })
  return refs
}

/** What was read last, as long as the file is the same. */
const read = new WeakMap<Layout, { version: string; refs: PackedRefs }>()

/** Replaces the whole, durably at once: what is in no file of its own is nowhere else. */
export function replacePackedRefs(changes: DurableChanges, layout: Layout, refs: Iterable<Ref>): void {
  changes.replace(layout.packedRefs, formatPackedRefs(refs))
  changes.sync()
}

function versionOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat && `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
}

function parse(path: string): PackedRefs {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return NO_PACKED_REFS
    throw explainFsError(error, path)
  }
  try {
    return parsePackedRefs(text)
  } catch (cause) {
    throw new IntegrityError('packed-refs-corrupt', `the file of packed refs is damaged: ${path}`, {
      hint: 'run `jzfs fsck --repair`: it takes what can be read, and the rest from the reflogs',
      cause,
      details: { path },
    })
  }
}
