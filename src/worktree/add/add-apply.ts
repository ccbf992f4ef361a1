import { lstatSync } from 'node:fs'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import type { Person } from '../../model/commit/person.ts'
import type { IndexRecord } from '../../repo/operation/index-record.ts'
import { runOperation } from '../../repo/operation/operation.ts'
import type { Repository } from '../../repo/repository.ts'
import { fromByteString, isAscii, toByteString } from '../index/byte-string.ts'
import type { IndexEntry } from '../index/index-entry.ts'
import { isIndexFileOf, writeIndexFile } from '../index/index-file.ts'
import { updateIndex } from '../index/index-update.ts'
import type { IndexedChange } from '../index/index-update.ts'
import { openIndex } from '../index/open-index.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import { writeRefreshedIndex } from '../index/write-refreshed-index.ts'
import { resolvedArtefacts } from '../merge/resolved-artefacts.ts'
import { fileStat } from '../scan/scan-worktree.ts'
import { compareFile } from '../status/compare-file.ts'
import { readRecordedNode } from '../status/read-recorded-node.ts'
import { keepsOf, worktreeOf } from '../working-tree.ts'

/** What shall be in the index, and what shall not. */
export interface Staging {
  changes: readonly IndexedChange[]
  removed: readonly string[]
}

/** What came of it: paths sorted by their bytes. */
export interface Staged {
  added: string[]
  removed: string[]
  /** Artefacts of conflicts that were resolved, and that were changed: they stay. */
  kept: string[]
  index: StagingIndex
}

/**
 * Takes the lock and changes the index in one operation. `seen` is the index that the staging was worked out from; where
 * another command has changed it meanwhile, its work on other paths stays, and on the same paths the newer file wins.
 *
 * Entries whose content is in the index already only refresh its stat data; nothing else to do, nothing is written.
 */
export async function applyStaged(
  repository: Repository,
  seen: StagingIndex,
  staging: Staging,
  options: AbortOptions & { command: string; person: Person; recordsIndex?: boolean },
): Promise<Staged> {
  const first = await compareStaging(repository, seen, staging, options)
  if (first.changes.length + first.removed.length === 0) {
    if (first.refreshed > 0) await writeRefreshedIndex(repository, seen, options.command)
    return { added: [], removed: [], kept: [], index: seen }
  }
  using lock = await repository.lock(options.command, options)
  const { index: path, tmp } = repository.layout
  let before = seen
  let { changes, removed }: Staging = first
  if (!isIndexFileOf(path, seen)) {
    before = await openIndex(repository, options)
    const current = dropOutdated(repository, seen, before, staging)
    ;({ changes, removed } = await compareStaging(repository, before, current, options))
  }
  const after = updateIndex(before, [...removed.map((gone) => ({ path: gone, entries: [] })), ...changes])
  const { command, person } = options
  const artefacts = resolvedArtefacts(before, after)
  let kept: string[] = []
  if (artefacts.length > 0) {
    // Loaded only after a merge: adding need not know how files are rewritten.
    const { removeArtefacts } = await import('./remove-artefacts.ts')
    kept = await removeArtefacts(repository, lock, { before, after, artefacts }, options)
  } else {
    const record = options.recordsIndex === true ? await recordDurably(repository, before, options) : undefined
    await runOperation(repository, lock, {
      command,
      person,
      index: { next: writeIndexFile(tmp, after), before: record },
    })
  }
  const added = changes.map((change) => change.path)
  return { added: sortByBytes(added), removed: sortByBytes(removed), kept, index: after }
}

async function recordDurably(
  { store }: Repository,
  index: StagingIndex,
  options: AbortOptions & { command: string },
): Promise<IndexRecord> {
  const { recordIndex } = await import('../index/record-index.ts')
  const pack = await store.createPack(options)
  try {
    const record = await recordIndex(index, pack, store)
    await pack.finish()
    return record
  } finally {
    pack.abort()
  }
}

function sortByBytes(paths: readonly string[]): string[] {
  return paths.every(isAscii) ? paths.toSorted() : paths.map(toByteString).sort().map(fromByteString)
}

/** What of a staging changes an index; the stat data of the rest are refreshed in place. */
async function compareStaging(
  repository: Repository,
  index: StagingIndex,
  { changes, removed }: Staging,
  options: AbortOptions,
): Promise<Staging & { refreshed: number }> {
  const changed: IndexedChange[] = []
  let refreshed = 0
  for (const change of changes) {
    const position = index.find(change.path)
    if (position === -1) {
      changed.push(change)
      continue
    }
    const entry = change.from.entry(change.position)
    if (!(await isSameContent(repository, index, position, entry, options))) {
      changed.push(change)
    } else if (!entry.racy || !index.isRacy(position)) {
      index.refresh(position, entry, entry.racy)
      refreshed++
    }
  }
  return { changes: changed, removed: removed.filter((path) => isTracked(index, path)), refreshed }
}

function isTracked(index: StagingIndex, path: string): boolean {
  const position = index.lowerBound(path)
  return position < index.count && index.path(position) === path
}

/** An unchanged file of a tree that somebody else wrote keeps its CID, though ours for the same bytes is another. */
async function isSameContent(
  repository: Repository,
  index: StagingIndex,
  position: number,
  entry: IndexEntry,
  options: AbortOptions,
): Promise<boolean> {
  if (index.hasCid(position, entry.cid)) return true
  if (entry.kind !== index.kind(position) || entry.size !== index.columns.size[position]) return false
  if (await isCanonical(repository.store, index, position, options)) return false
  const worktree = worktreeOf(repository)
  const stat = lstatSync(`${worktree}/${entry.path}`, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return false
  const context = { worktree, source: repository.store, index, keeps: keepsOf(repository) }
  return (await compareFile(context, position, fileStat(stat), options)).difference === undefined
}

async function isCanonical(
  source: BlockSource,
  index: StagingIndex,
  position: number,
  options: AbortOptions,
): Promise<boolean> {
  const cid = index.cid(position)
  const tsize = index.columns.tsize[position] as number
  return (await readRecordedNode(source, { cid, tsize }, options))?.canonical !== false
}

/** Leaves out paths that another command changed in the index since, unless our file is still the one that is there. */
function dropOutdated(repository: Repository, seen: StagingIndex, now: StagingIndex, staging: Staging): Staging {
  const worktree = worktreeOf(repository)
  const isTheirs = (path: string): boolean => {
    const was = seen.find(path)
    const is = now.find(path)
    if (was === -1 || is === -1) return was !== is
    return !now.hasCid(is, seen.cid(was))
  }
  const statOf = (path: string) => lstatSync(`${worktree}/${path}`, { bigint: true, throwIfNoEntry: false })
  return {
    changes: staging.changes.filter(({ path, from, position }) => {
      if (!isTheirs(path)) return true
      const stat = statOf(path)
      const { mtimeNs, ctimeNs } = from.columns
      return stat !== undefined && stat.mtimeNs === mtimeNs[position] && stat.ctimeNs === ctimeNs[position]
    }),
    removed: staging.removed.filter((path) => !isTheirs(path) || statOf(path) === undefined),
  }
}
