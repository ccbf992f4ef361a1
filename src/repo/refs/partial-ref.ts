import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

import type { CID } from 'multiformats/cid'

import { writeFileDurably } from '../../store/durable.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import type { Layout } from '../layout.ts'
import { refPath } from './ref-files.ts'

/** Where it stands what transfers want that have not come to their end. */
export const PARTIAL_REFS = 'refs/partial/'

/**
 * Says that a transfer of `cid` is under way, durably: what it has brought is kept from then on, also when it is
 * interrupted, until `endPartial` or for as long as `gc.pruneExpire` says. It is no operation: nothing is there to undo,
 * and a root that is one too many does no harm.
 */
export async function beginPartial(layout: Layout, cid: CID): Promise<void> {
  const path = partialPath(layout, cid)
  try {
    await mkdir(dirname(path), { recursive: true })
  } catch (error) {
    throw explainFsError(error, path)
  }
  await writeFileDurably(path, `${cid.toString()}\n`)
}

/** Says that the transfer has come to its end: another ref names what it brought, or nobody wants it. */
export async function endPartial(layout: Layout, cid: CID): Promise<void> {
  await rm(partialPath(layout, cid), { force: true })
}

function partialPath(layout: Layout, cid: CID): string {
  return refPath(layout, PARTIAL_REFS + cid.toV1().toString())
}
