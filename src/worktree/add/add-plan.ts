import { readFileSync, readlinkSync } from 'node:fs'

import type { Block } from '../../model/block.ts'
import { EMPTY_DIRECTORY } from '../../model/directory/directory.ts'
import { InvalidError } from '../../model/errors.ts'
import type { JzfsError } from '../../model/errors.ts'
import { quoteName } from '../../model/quote-name.ts'
import { buildSymlink } from '../../model/unixfs/symlink.ts'
import { explainFsError } from '../../store/fs-errors.ts'
import type { IngestRequest } from '../../store/ingest/ingest-request.ts'
import type { KeptBits } from '../checkout/found-content.ts'
import { fromByteString } from '../index/byte-string.ts'
import type { IndexEntry } from '../index/index-entry.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { CANDIDATE, DELETED } from '../scan/scan.ts'
import type { FileStat, FoundPath, Scan } from '../scan/scan.ts'

/** A file whose bytes are to be read. */
export interface FileRequest extends IngestRequest {
  /** From the top of the working tree. */
  name: string
}

/** What a scan leads to. */
export interface AddPlan {
  files: FileRequest[]
  /** Symlinks and empty directories: what they are is known without reading a file. */
  entries: IndexEntry[]
  /** The blocks of these entries. */
  blocks: Block[]
  removed: string[]
  /** What cannot be taken in. */
  errors: JzfsError[]
}

const TYPE_MASK = 0o170000
const TYPE_FILE = 0o100000
const TYPE_SYMLINK = 0o120000
const TYPE_DIRECTORY = 0o040000
const OWNER_EXECUTES = 0o100

/** Works out what of a scan is to be read, recorded and removed. `clock` is the file system's, from before. */
export function planAdd(
  worktree: string,
  index: StagingIndex,
  scan: Scan,
  { keeps, clock }: { keeps: KeptBits; clock: bigint | undefined },
): AddPlan {
  const plan: AddPlan = { files: [], entries: [], blocks: [], removed: [], errors: [] }
  const planner = { plan, worktree, keeps, clock }
  for (let position = 0; position < index.count; position++) {
    const state = scan.states[position]
    if (state !== CANDIDATE && state !== DELETED) continue
    const path = index.path(position)
    // The stages of a conflict are one path.
    if (position > 0 && index.stage(position) !== 0 && index.path(position - 1) === path) continue
    const stat = scan.stats.get(position)
    if (stat === undefined) plan.removed.push(path)
    else planPath(planner, { key: index.key(position) }, stat, index.kind(position))
  }
  for (const found of scan.untracked) planPath(planner, found, found.stat, undefined)
  return plan
}

/**
 * Plans found paths: symlinks and empty directories go into the plan at once, files are returned one by one, as they are
 * asked for.
 */
export function planFound(
  plan: AddPlan,
  found: Iterable<FoundPath>,
  options: { worktree: string; keeps: KeptBits; clock: bigint | undefined },
): Iterable<FileRequest> {
  const planner = { plan, ...options }
  for (const each of found)
    if ((each.stat.mode & TYPE_MASK) !== TYPE_FILE) planPath(planner, each, each.stat, undefined)
  return {
    *[Symbol.iterator]() {
      for (const { key, stat } of found) {
        if ((stat.mode & TYPE_MASK) === TYPE_FILE) yield planFile(planner, fromByteString(key), stat, undefined)
      }
    },
  }
}

interface Planner {
  plan: AddPlan
  worktree: string
  keeps: KeptBits
  clock: bigint | undefined
}

function planPath(
  planner: Planner,
  found: { readonly key: string },
  stat: FileStat,
  before: IndexEntry['kind'] | undefined,
): void {
  const { plan, keeps } = planner
  const path = fromByteString(found.key)
  const type = stat.mode & TYPE_MASK
  if (type === TYPE_DIRECTORY) {
    const { cid, bytes } = EMPTY_DIRECTORY
    plan.blocks.push(EMPTY_DIRECTORY)
    plan.entries.push(stagedEntry(planner.clock, path, stat, { kind: 'directory', cid, size: 0, tsize: bytes.length }))
  } else if (type === TYPE_SYMLINK || (before === 'symlink' && !keeps.symlinks)) {
    planSymlink(planner, path, stat)
  } else {
    plan.files.push(planFile(planner, path, stat, before))
  }
}

function planFile(
  { keeps, worktree }: Planner,
  path: string,
  stat: FileStat,
  before: IndexEntry['kind'] | undefined,
): FileRequest {
  const executable = keeps.executableBit ? (stat.mode & OWNER_EXECUTES) !== 0 : before === 'executable'
  return { path: `${worktree}/${path}`, size: stat.size, executable, name: path }
}

function planSymlink({ plan, worktree, clock }: Planner, path: string, stat: FileStat): void {
  const absolute = `${worktree}/${path}`
  try {
    const isLink = (stat.mode & TYPE_MASK) === TYPE_SYMLINK
    const target = isLink ? readlinkSync(absolute, 'buffer') : readFileSync(absolute)
    const text = target.toString('utf8')
    if (!Buffer.from(text).equals(target)) {
      throw new InvalidError(
        'symlink-target-invalid',
        `the symlink leads to a name that is not UTF-8: ${quoteName(path)}`,
        {
          hint: 'give the symlink another target, or list it in .jzfsignore',
          details: { path },
        },
      )
    }
    const { cid, tsize, block } = buildSymlink(text)
    plan.blocks.push(block)
    plan.entries.push(stagedEntry(clock, path, stat, { kind: 'symlink', cid, size: target.length, tsize }))
  } catch (error) {
    plan.errors.push(explainFsError(error, absolute) as JzfsError)
  }
}

/** The entry at stage 0 of what was found at a path; racy unless it is older than `clock`. */
export function stagedEntry(
  clock: bigint | undefined,
  path: string,
  stat: Pick<FileStat, 'mtimeNs' | 'ctimeNs' | 'inode'>,
  content: Pick<IndexEntry, 'kind' | 'cid' | 'size' | 'tsize'> & { contentCid?: IndexEntry['cid'] },
): IndexEntry {
  const { mtimeNs, ctimeNs, inode } = stat
  const racy = clock === undefined || mtimeNs >= clock || ctimeNs >= clock
  return { contentCid: content.cid, ...content, path, stage: 0, mtimeNs, ctimeNs, inode, racy }
}
