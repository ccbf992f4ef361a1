import { lstatSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { writeFileDurably } from '../../store/durable.ts'
import { explainFsError, fsErrorCode } from '../../store/fs-errors.ts'
import type { KnownPrefix } from '../../store/ingest/ingest-big-file.ts'

/**
 * What interrupted adds have stored of big files, kept between processes: so that the next one need not read a file of 100
 * GB again. It says nothing of its own: a file is believed only while its stat data are the same and its blocks are there.
 */
export interface AddProgress {
  /** What was stored of the file at a path (from the top of the working tree). */
  find(path: string): KnownPrefix | undefined
  /** Notes what is stored of a file, in packs that stay. A file not older than `clock` may have changed unseen: that is not noted. */
  note(path: string, prefix: KnownPrefix, clock: bigint | undefined): void
  /** Makes durable what was noted. */
  save(): Promise<void>
  /** Forgets files that are staged now, and those that changed or are gone, durably. */
  forget(paths: Iterable<string>): Promise<void>
  /** The digests of all leaves that are stored of files which are still the same. */
  leaves(): Generator<Uint8Array>
}

const TYPE = 'jzfs/add-progress/1'

/** The progress in the file at `path`, of files in `worktree`: none where it is missing or damaged. */
export function openAddProgress(path: string, worktree: string): AddProgress {
  const files = readProgress(path)
  let isSaved = true

  const save = async (): Promise<void> => {
    if (isSaved) return
    if (files.size === 0) await rm(path, { force: true })
    else await writeFileDurably(path, formatProgress(files))
    isSaved = true
  }

  return {
    find: (name) => files.get(name),
    note(name, prefix, clock) {
      const { mtimeNs, ctimeNs } = prefix.stat
      if (clock === undefined || mtimeNs >= clock || ctimeNs >= clock || prefix.leaves.length === 0) return
      files.set(name, prefix)
      isSaved = false
    },
    save,
    async forget(names) {
      if (files.size === 0) return
      const before = files.size
      for (const name of names) files.delete(name)
      for (const [name, { stat }] of files) if (!isStill(join(worktree, name), stat)) files.delete(name)
      isSaved &&= files.size === before
      await save()
    },
    *leaves() {
      for (const [name, { stat, leaves }] of files) {
        if (!isStill(join(worktree, name), stat)) continue
        for (let at = 0; at < leaves.length; at += 32) yield leaves.subarray(at, at + 32)
      }
    },
  }
}

function isStill(path: string, { size, mtimeNs, ctimeNs, ino }: KnownPrefix['stat']): boolean {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (now === undefined || Number(now.size) !== size) return false
  return now.mtimeNs === mtimeNs && now.ctimeNs === ctimeNs && BigInt.asIntN(64, now.ino) === ino
}

interface ProgressDocument {
  type: string
  files: { path: string; size: number; mtimeNs: string; ctimeNs: string; inode: string; leaves: string }[]
}

function formatProgress(files: ReadonlyMap<string, KnownPrefix>): string {
  const document: ProgressDocument = {
    type: TYPE,
    files: Array.from(files, ([path, { stat, leaves }]) => ({
      path,
      size: stat.size,
      mtimeNs: stat.mtimeNs.toString(),
      ctimeNs: stat.ctimeNs.toString(),
      inode: stat.ino.toString(),
      leaves: Buffer.from(leaves.buffer, leaves.byteOffset, leaves.byteLength).toString('base64'),
    })),
  }
  return `${JSON.stringify(document)}\n`
}

function readProgress(path: string): Map<string, KnownPrefix> {
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return new Map()
    throw explainFsError(error, path)
  }
  try {
    const { type, files } = JSON.parse(text) as ProgressDocument
    if (type !== TYPE) return new Map()
    return new Map(files.map((file) => [file.path, prefixOf(file)]))
  } catch {
    // It only saves work: without it, the files are read again.
    return new Map()
  }
}

function prefixOf({ size, mtimeNs, ctimeNs, inode, leaves }: ProgressDocument['files'][number]): KnownPrefix {
  const stat = { size, mtimeNs: BigInt(mtimeNs), ctimeNs: BigInt(ctimeNs), ino: BigInt(inode) }
  const digests = new Uint8Array(Buffer.from(leaves, 'base64'))
  if (digests.length % 32 !== 0) throw new TypeError('not whole digests')
  return { stat, leaves: digests }
}
