import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import type { Person } from '../model/commit/person.ts'
import type { JzfsError } from '../model/errors.ts'
import type { Repository } from '../repo/repository.ts'
import type { PackWriter } from '../store/pack/pack-writer.ts'
import { parentOf } from './checkout/real-folders.ts'
import { emptyFolderEntry, type IndexEntry } from './index/index-entry.ts'
import { emptyIndex, updateIndex, type IndexChange } from './index/index-update.ts'
import { openIndex, type OpenIndexOptions } from './index/open-index.ts'
import type { StagingIndex } from './index/staging-index.ts'
import { planMoves, type PlannedMove } from './move-plan.ts'
import { keepLocalContent, type KeptContent } from './rewrite/keep-local-content.ts'
import { rewriteFiles, type RewrittenFiles } from './rewrite/rewrite-files.ts'
import { scanInTheWay } from './rewrite/scan-in-the-way.ts'
import { worktreeOf } from './working-tree.ts'

export interface MoveOptions extends OpenIndexOptions {
  /** The command line and who runs it, for the operation log. */
  command: string
  person: Person
  /** Write over files; what they hold beyond the index is kept for undo, or is too much to be. */
  force?: boolean
  dryRun?: boolean
  /** Leave out what cannot be moved (`-k`). */
  skipErrors?: boolean
}

/** What was moved, or would be. */
export interface Moved extends RewrittenFiles {
  moved: { from: string; to: string }[]
  /** Why sources were left out, with `skipErrors`. */
  errors: JzfsError[]
  /** Files whose local content was thrown away, and kept in the store. */
  discarded: string[]
}

/**
 * Moves tracked files and folders, in the working tree and in the index: into `destination` where that is a folder. Local
 * changes go along, and so does what is untracked in a folder. Paths are from the top of the working tree.
 *
 * Throws what `planMoves` throws, and InvalidError `cannot-be-undone`; then nothing was changed.
 */
export async function movePaths(
  repository: Repository,
  sources: readonly string[],
  destination: string,
  options: MoveOptions,
): Promise<Moved> {
  const worktree = worktreeOf(repository)
  using lock = await repository.lock(options.command, options)
  const index = await openIndex(repository, options)
  const { force = false, skipErrors = false, command, person } = options
  const { moves, errors } = planMoves(worktree, index, sources, destination, { force, skipErrors })
  const moved = moves.map(({ from, to }) => ({ from, to }))
  if (options.dryRun === true || moves.length === 0) return { moved, errors, discarded: [], left: [], failed: [] }
  const pack = await repository.store.createPack(options)
  try {
    const kept = await keepReplaced(repository, index, moves, pack, options)
    const report = await rewriteFiles(repository, lock, pack, {
      command,
      person,
      indexBefore: index,
      index: movedIndex(index, moves),
      replacedFiles: thingsReplaced(worktree, kept?.files ?? index, moves, kept),
      tree: index.tree,
      renames: moves.map(({ from, to, inode }) => ({ from, to, inode })),
      discarded: kept?.discarded ?? [],
      overwritten: moves.flatMap(({ to, replaced }) =>
        replaced === undefined
          ? []
          : [
              {
                path: to,
                mtimeNs: replaced.mtimeNs,
                ctimeNs: replaced.ctimeNs,
                inode: BigInt.asIntN(64, replaced.ino),
              },
            ],
      ),
    })
    return { moved, errors, discarded: (kept?.discarded ?? []).map(({ path }) => path), ...report }
  } finally {
    pack.abort()
  }
}

/** Keeps what files that are written over hold beyond the index. */
async function keepReplaced(
  repository: Repository,
  index: StagingIndex,
  moves: readonly PlannedMove[],
  pack: PackWriter,
  options: MoveOptions,
): Promise<KeptContent | undefined> {
  const replaced = moves.filter((move) => move.replaced !== undefined).map(({ to }) => to)
  if (replaced.length === 0) return undefined
  const { scan } = scanInTheWay(
    repository,
    index,
    replaced.map((path) => ({ path, after: 'file' })),
  )
  return keepLocalContent(repository, index, scan, pack, {
    force: true,
    signal: options.signal,
    concerns: (path) => replaced.includes(path),
  })
}

/** What the moves take the place of: files whose content is kept, and folders with nothing in them. */
function thingsReplaced(
  worktree: string,
  files: StagingIndex,
  moves: readonly PlannedMove[],
  kept: KeptContent | undefined,
): StagingIndex | undefined {
  const lost = new Set(kept?.overwritten.map(({ path }) => path))
  const entries: IndexEntry[] = []
  for (const { to, replaced } of moves) {
    const position = files.find(to)
    if (replaced !== undefined && position !== -1 && !lost.has(to)) entries.push(files.entry(position))
    const folder = parentOf(to)
    if (folder !== '' && readdirSync(join(worktree, folder)).length === 0) entries.push(emptyFolderEntry(folder))
  }
  if (entries.length === 0) return undefined
  return updateIndex(
    emptyIndex(),
    entries.map((entry) => ({ path: entry.path, entries: [entry] })),
  )
}

function movedIndex(index: StagingIndex, moves: readonly PlannedMove[]): StagingIndex {
  const changes: IndexChange[] = []
  for (const { from, to } of moves) {
    const [first, end] = index.rangeBelow(from)
    const own = index.find(from)
    for (const position of [...(own === -1 ? [] : [own]), ...range(first, end)]) {
      const entry = index.entry(position)
      const path = to + entry.path.slice(from.length)
      changes.push({ path: entry.path, entries: [] }, { path, entries: [{ ...entry, path }] })
    }
  }
  return updateIndex(index, changes)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at)
}
