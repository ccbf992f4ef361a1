import type { AbortOptions } from '../../model/block.ts'
import type { OverwrittenFile } from '../../repo/operation/operation-entry.ts'
import type { Repository } from '../../repo/repository.ts'
import type { PackWriter } from '../../store/pack/pack-writer.ts'
import { fromByteString } from '../index/byte-string.ts'
import { emptyFolderEntry, type IndexEntry } from '../index/index-entry.ts'
import { emptyIndex } from '../index/index-update.ts'
import { keepLocalContent } from '../rewrite/keep-local-content.ts'
import { wouldOverwrite } from '../rewrite/would-overwrite.ts'
import { cannotBeKept } from '../switch/switch-discarding.ts'
import type { ChangedSince } from './changed-since.ts'
import type { FileChange } from './file-change.ts'

/** What is lost with the files that were changed since. */
export interface KeptSince {
  discarded: IndexEntry[]
  overwritten: OverwrittenFile[]
}

/**
 * Stores what was changed since a command, so that it can go: each is then a change from that content. Without `force` that is
 * refused: ConflictError `would-overwrite` (details: `paths`). Empty folders in the way just go.
 */
export async function keepChangedSince(
  repository: Repository,
  changes: Map<string, FileChange>,
  { files, folders, untouchable }: ChangedSince,
  pack: PackWriter,
  options: AbortOptions & { force?: boolean | undefined },
): Promise<KeptSince> {
  if (untouchable.length > 0) throw cannotBeKept(untouchable)
  for (const path of folders) changes.set(path, { path, now: emptyFolderEntry(path), goal: undefined })
  if (files.length === 0) return { discarded: [], overwritten: [] }
  if (options.force !== true) {
    const paths = files.map(({ key }) => fromByteString(key))
    const hint = 'commit them or move them away, or let them go with --force: they are kept'
    throw wouldOverwrite('these were changed since', paths, hint)
  }
  const scan = {
    states: new Uint8Array(0),
    stats: new Map(),
    untracked: files,
    ignored: [],
    artefacts: [],
    problems: [],
    skippedGit: [],
  }
  const kept = await keepLocalContent(repository, emptyIndex(), scan, pack, { force: true, signal: options.signal })
  for (const entry of kept.files.entries()) {
    const { path } = entry
    changes.set(path, { path, now: entry, goal: changes.get(path)?.goal })
  }
  return { discarded: kept.discarded, overwritten: kept.overwritten }
}
