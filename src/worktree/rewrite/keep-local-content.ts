import type { AbortOptions } from '../../model/block.ts'
import { cidOf, RAW } from '../../model/cid.ts'
import { InvalidError } from '../../model/errors.ts'
import type { OverwrittenFile } from '../../repo/operation/operation-entry.ts'
import type { Repository } from '../../repo/repository.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { planAdd, type AddPlan } from '../add/add-plan.ts'
import { ingestPlan } from '../add/ingest-plan.ts'
import { fromByteString } from '../index/byte-string.ts'
import { NO_STAMP, type IndexEntry } from '../index/index-entry.ts'
import { updateIndex, type IndexChange } from '../index/index-update.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { DELETED, type FileStat, type Scan } from '../scan/scan.ts'
import { compareFile } from '../status/compare-file.ts'
import { keepsOf, worktreeOf } from '../working-tree.ts'

export interface KeepOptions extends AbortOptions {
  /** Discard also what is too much to be kept. */
  force: boolean
  /** How much is kept at most, in bytes. Default: `undo.maxSize`. */
  maxBytes?: number | undefined
  /** The file system's clock, from before: entries of files that are older can be believed by their stat data later. */
  clock?: bigint | undefined
  /** Whether a path of the index is one of those that go (default: all that were scanned). */
  concerns?: ((path: string) => boolean) | undefined
}

/** What a command discards from the working tree, and the files as they are before. */
export interface KeptContent {
  /**
   * The index, with what the scanned files really hold in its place: missing files are left out of it. A path in conflict is
   * in conflict in it only if it is none of those that go.
   */
  files: StagingIndex
  /** What is not as the index has it: its content is in the store. */
  discarded: IndexEntry[]
  /** What is not as the index has it, and is kept nowhere: in `files` another content stands for it. */
  overwritten: OverwrittenFile[]
}

/**
 * Stores what scanned files hold beyond the index, so that they can be overwritten and still be had. The untracked paths of
 * the scan are taken as files that go, too.
 *
 * Throws, before anything is stored, InvalidError `cannot-be-undone` (details: `sizeBytes`, `maxBytes`) where this is more
 * than `undo.maxSize`, unless `force` is set: then nothing is kept. Throws what a file that cannot be read is refused with.
 */
export async function keepLocalContent(
  repository: Repository,
  index: StagingIndex,
  scan: Scan,
  pack: PackWriter,
  options: KeepOptions,
): Promise<KeptContent> {
  const plan = planAdd(worktreeOf(repository), index, scan, { keeps: keepsOf(repository), clock: options.clock })
  if (plan.errors[0] !== undefined) throw plan.errors[0]
  const sides = await leaveOutUnchanged(repository, index, scan, plan, options)
  const settled = [...plan.removed.map((path) => ({ path, entries: [] })), ...changesOf(sides)]
  const sizeBytes = plan.files.reduce((sum, { size }) => sum + size, 0)
  const { maxBytes = repository.config.get('undo.maxSize') } = options
  if (sizeBytes > maxBytes) {
    if (!options.force) throw cannotBeUndone(sizeBytes, maxBytes)
    const untracked = new Map(scan.untracked.map(({ key, stat }) => [fromByteString(key), stat]))
    const overwritten = plan.files.map(({ name }) => {
      const { mtimeNs, ctimeNs, inode } = (scan.stats.get(index.find(name)) ?? untracked.get(name)) as FileStat
      return { path: name, mtimeNs, ctimeNs, inode }
    })
    for (const block of plan.blocks) pack.add(block)
    pack.add({ cid: STAND_IN_CID, bytes: STAND_IN })
    const standIns = overwritten.map(({ path }) => standIn(path))
    const files = updateIndex(index, [...settled, ...changesOf([...plan.entries, ...standIns])])
    return { files, discarded: plan.entries.filter(isNoFolder), overwritten }
  }
  const { entries, errors } = await ingestPlan(pack, plan, { clock: options.clock, signal: options.signal })
  if (errors[0] !== undefined) throw errors[0]
  const files = updateIndex(index, [...settled, ...changesOf(entries)])
  return { files, discarded: entries.filter(isNoFolder), overwritten: [] }
}

/**
 * Leaves out of a plan what only looked changed, and what is none of the command's business. Returns what paths in conflict
 * hold that show one of the sides: it is in the store already.
 */
async function leaveOutUnchanged(
  repository: Repository,
  index: StagingIndex,
  scan: Scan,
  plan: AddPlan,
  options: KeepOptions,
): Promise<IndexEntry[]> {
  const context = { worktree: worktreeOf(repository), source: repository.store, index, keeps: keepsOf(repository) }
  const left = new Set<string>()
  const sides: IndexEntry[] = []
  for (let position = 0; position < index.count; position++) {
    const stat = scan.stats.get(position)
    if (stat === undefined && scan.states[position] !== DELETED) continue
    const path = index.path(position)
    const isMeant = options.concerns?.(path) ?? true
    const isSame =
      isMeant && stat !== undefined && (await compareFile(context, position, stat, options)).difference === undefined
    if (!isMeant || isSame) left.add(path)
    if (isSame && index.stage(position) !== 0) sides.push({ ...index.entry(position), stage: 0 })
  }
  plan.files = plan.files.filter(({ name }) => !left.has(name))
  plan.entries = plan.entries.filter(({ path }) => !left.has(path))
  plan.removed = plan.removed.filter((path) => !left.has(path))
  return sides
}

function isNoFolder({ kind }: IndexEntry): boolean {
  return kind !== 'directory'
}

function changesOf(entries: readonly IndexEntry[]): IndexChange[] {
  return entries.map((entry) => ({ path: entry.path, entries: [entry] }))
}

const STAND_IN = Buffer.from('What was here was too large to be kept.\n')
/** What stands in the tree before for a file whose content is kept nowhere. */
export const STAND_IN_CID = cidOf(RAW, STAND_IN)

/** A file whose content is not kept must be in the tree before all the same, with other content than any after it. */
function standIn(path: string): IndexEntry {
  const content = { cid: STAND_IN_CID, contentCid: STAND_IN_CID, size: STAND_IN.length, tsize: STAND_IN.length }
  return { ...NO_STAMP, ...content, path, stage: 0, kind: 'file', racy: false }
}

function cannotBeUndone(sizeBytes: number, maxBytes: number): InvalidError {
  return new InvalidError(
    'cannot-be-undone',
    `this discards ${sizeBytes} bytes of local changes, more than is kept for undo (undo.maxSize: ${maxBytes})`,
    { hint: 'use --force to discard them for good, or raise undo.maxSize', details: { sizeBytes, maxBytes } },
  )
}
