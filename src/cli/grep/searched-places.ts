import { realpathSync } from 'node:fs'
import { join, relative } from 'node:path'

import type { Repository } from '../../repo/repository.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { peel, readObjectType } from '../../repo/revision/object-type.ts'
import { filesOfIndex, filesOfWorktree } from '../../worktree/grep/files-of-index.ts'
import { filesOfTree } from '../../worktree/grep/files-of-tree.ts'
import { readTreeFile } from '../../worktree/grep/read-tree-file.ts'
import type { SearchedFile } from '../../worktree/grep/searched-file.ts'
import { createSilentBlocks } from '../../worktree/grep/silent-blocks.ts'
import { toByteString } from '../../worktree/index/byte-string.ts'
import { openIndex } from '../../worktree/index/open-index.ts'
import { pathFilter } from '../../worktree/pathspec/pathspec.ts'
import { listFiles } from '../../worktree/status/list-files.ts'
import type { Context } from '../context.ts'
import { requireWorktree } from '../here.ts'
import { readHistoricPathspecs, readPathspecs } from '../pathspecs.ts'
import { directoryInTree, type RevisionArguments, revisionOptions } from '../revisions.ts'

/** Files that are searched, and how they are named. */
export interface SearchedPlace {
  /** As the user wrote it; undefined for the working tree and the index. */
  revision: string | undefined
  files: AsyncIterable<SearchedFile>
  /** The path of a file as the user sees it, not quoted. */
  shownPath(path: string): string
}

interface PlaceFlags {
  cached?: true
  untracked?: true
  fullName?: true
}

/** What a command line says is to be searched: revisions, or the index, or the working tree. */
export async function searchedPlaces(
  context: Context,
  repository: Repository,
  { revisions, paths }: RevisionArguments,
  flags: PlaceFlags,
): Promise<SearchedPlace[]> {
  if (revisions.length === 0) return [await filesHere(context, repository, paths, flags)]
  const silent = createSilentBlocks()
  const places: SearchedPlace[] = []
  for (const revision of revisions) places.push(await filesOf(context, repository, { revision, paths, silent }, flags))
  return places
}

async function filesHere(
  context: Context,
  repository: Repository,
  paths: readonly string[],
  flags: PlaceFlags,
): Promise<SearchedPlace> {
  const { signal, terminal } = context
  const working = requireWorktree(repository)
  // As git: what is below the folder where the user stands.
  const pathspecs = readPathspecs(context, working, paths.length === 0 ? ['.'] : paths)
  const onRebuilt = (error: Error) => terminal.say(`warning: ${error.message}`)
  const filter = pathFilter(pathspecs)
  const index = await openIndex(repository, { signal, onRebuilt })
  const others: string[] = []
  if (flags.untracked) {
    for await (const { path } of listFiles(repository, { others: true }, { pathspecs, signal })) {
      others.push(toByteString(path))
    }
  }
  const files = flags.cached
    ? filesOfIndex(repository.store, index, { filter, silent: createSilentBlocks(), signal })
    : filesOfWorktree(working.worktree, index, { filter, others, signal })
  return { revision: undefined, files, shownPath: shownFrom(context, repository, flags) }
}

async function filesOf(
  context: Context,
  repository: Repository,
  {
    revision,
    paths,
    silent,
  }: { revision: string; paths: readonly string[]; silent: ReturnType<typeof createSilentBlocks> },
  flags: PlaceFlags,
): Promise<SearchedPlace> {
  const { store } = repository
  const { signal } = context
  const options = revisionOptions(context, repository)
  const { cid } = await resolveRevision(repository, revision, options)
  const object = await peel(store, options.graph, cid, 'no-tag', options)
  const type = await readObjectType(store, object, options)
  if (type === 'file') {
    const file: SearchedFile = {
      path: '',
      content: () => readTreeFile(store, revision, { cid: object }, { signal }),
      isSilent: false,
    }
    return { revision, files: only(file), shownPath: (path) => path }
  }
  const tree = await peel(store, options.graph, object, 'tree', options)
  // Where one stands says something of the trees of commits only.
  const isCommit = type === 'commit'
  const wanted = paths.length === 0 && isCommit && directoryInTree(context, repository) !== '' ? ['.'] : paths
  const base = isCommit ? repository : { worktree: undefined }
  const filter = pathFilter(readHistoricPathspecs(context, base, wanted))
  const shownPath = isCommit ? shownFrom(context, repository, flags) : (path: string) => path
  return { revision, files: filesOfTree(store, tree, { filter, silent, signal }), shownPath }
}

async function* only(file: SearchedFile): AsyncGenerator<SearchedFile> {
  yield file
}

function shownFrom(context: Context, { worktree }: Repository, { fullName }: PlaceFlags): (path: string) => string {
  const cwd = realpathSync(context.cwd)
  if (worktree === undefined || cwd === worktree || fullName) return (path) => path
  return (path) => relative(cwd, join(worktree, path))
}
