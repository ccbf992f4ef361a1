import type { AbortOptions } from '../../model/block.ts'
import { ConflictError, NotFoundError } from '../../model/errors.ts'
import type { ConflictStyle } from '../../repo/merge/text/write-merged.ts'
import type { Repository } from '../../repo/repository.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { toByteString } from '../index/byte-string.ts'
import { type Artefact, type NotedStage, withNotes } from '../index/conflict-notes.ts'
import { type IndexEntry, NO_STAMP } from '../index/index-entry.ts'
import { indexEntry } from '../index/index-of-tree.ts'
import { updateIndex } from '../index/index-update.ts'
import type { StagingIndex } from '../index/staging-index.ts'
import type { PathFilter } from '../pathspec/pathspec.ts'
import { listPaths } from '../rewrite/would-overwrite.ts'
import { showConflict } from './show-conflict.ts'

/** What is asked of paths in conflict where files are restored. */
export interface ConflictRequest extends AbortOptions {
  source?: string | undefined
  staged: boolean
  conflict?: 'ours' | 'theirs' | 'merge' | undefined
  style?: ConflictStyle | undefined
  ignoreUnmerged?: boolean | undefined
}

/** What restoring does to paths in conflict. */
export interface ConflictChanges {
  /** What their files become. */
  files: { path: string; entries: IndexEntry[] }[]
  /** The index, with the conflicts that are brought back. */
  index: StagingIndex
  /** Paths that were resolved, and are in conflict again. */
  reopened: string[]
}

/**
 * Works out what files of paths in conflict (and, with `merge`, of those that were) become: a side, or the conflict as it
 * was. Where the files come from a commit there is nothing to decide.
 *
 * Throws ConflictError `index-unmerged` where nothing says what they shall be, NotFoundError `side-missing` (details: `paths`)
 * where the side does not have them.
 */
export async function conflictChanges(
  repository: Repository,
  index: StagingIndex,
  pack: PackWriter,
  filter: PathFilter | undefined,
  request: ConflictRequest,
): Promise<ConflictChanges> {
  const nothing: ConflictChanges = { files: [], index, reopened: [] }
  if (request.source !== undefined || request.staged) return nothing
  const paths = unmergedPaths(index, filter)
  const { conflict } = request
  if (conflict === 'merge') return reopen(repository, index, pack, { paths, filter }, request)
  if (paths.length === 0 || request.ignoreUnmerged === true) return nothing
  if (conflict === undefined) throw unmerged(paths)
  const stage = conflict === 'ours' ? 2 : 3
  const missing = paths.filter((path) => index.find(path, stage) === -1)
  if (missing.length > 0) throw sideMissing(conflict, missing)
  const files = paths.map((path) => ({
    path,
    entries: [{ ...index.entry(index.find(path, stage)), ...NO_STAMP, stage: 0 as const }],
  }))
  return { ...nothing, files }
}

/** The paths in conflict within a filter, in their order. */
export function unmergedPaths(index: StagingIndex, filter: PathFilter | undefined): string[] {
  if (!index.isUnmerged()) return []
  const paths = new Set<string>()
  for (let position = 0; position < index.count; position++) {
    if (index.stage(position) !== 0 && filter?.matches(index.key(position)) !== false) paths.add(index.path(position))
  }
  return [...paths]
}

async function reopen(
  repository: Repository,
  index: StagingIndex,
  pack: PackWriter,
  { paths, filter }: { paths: readonly string[]; filter: PathFilter | undefined },
  options: ConflictRequest,
): Promise<ConflictChanges> {
  const isMeant = (path: string): boolean => filter?.matches(toByteString(path)) !== false
  const resolved = index.notes.filter((note) => note.resolved !== undefined && isMeant(note.path))
  const reopened = resolved.map(({ path, resolved: stages = [] }) => ({
    path,
    entries: stages.map((stage) => ({ ...NO_STAMP, ...stage, path, racy: false })),
  }))
  const notes = resolved.map((note) => ({ ...note, resolved: undefined }))
  const next = reopened.length === 0 ? index : updateIndex(index, reopened, withNotes(index.notes, notes))
  const files: ConflictChanges['files'] = []
  for (const path of [...paths, ...reopened.map((each) => each.path)]) {
    const shown = await showConflict(repository.store, pack, path, stagesAt(next, path), options)
    files.push({ path, entries: shown === undefined ? [] : [indexEntry(path, shown)] })
  }
  for (const { artefact } of notes) if (artefact !== undefined) files.push(artefactFile(artefact))
  return { files, index: next, reopened: reopened.map(({ path }) => path) }
}

function artefactFile({ path, ...content }: Artefact): ConflictChanges['files'][number] {
  return { path, entries: [{ ...NO_STAMP, ...content, path, stage: 0, racy: false }] }
}

function stagesAt(index: StagingIndex, path: string): NotedStage[] {
  return ([1, 2, 3] as const).flatMap((stage) => {
    const position = index.find(path, stage)
    return position === -1 ? [] : [{ ...index.entry(position), stage }]
  })
}

function unmerged(paths: readonly string[]): ConflictError {
  return new ConflictError('index-unmerged', `in conflict, so the index has no one content: ${listPaths(paths)}`, {
    hint: 'say which with --ours or --theirs, bring the conflict back with --merge, or pass over them with --ignore-unmerged',
    details: { paths },
  })
}

function sideMissing(side: 'ours' | 'theirs', paths: readonly string[]): NotFoundError {
  return new NotFoundError('side-missing', `${side} does not have: ${listPaths(paths)}`, {
    hint: 'to follow it, remove the path with `jzfs rm PATH`',
    details: { paths, side },
  })
}
