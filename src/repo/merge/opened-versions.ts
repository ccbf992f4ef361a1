import type { DirectoryNode } from '../../model/directory/directory-node.ts'
import type { FileVersions } from './merge-plan.ts'
import type { OpenedEntry } from './open-entry.ts'

/** What the three trees have at one path. */
export type OpenedVersions = Record<'base' | 'ours' | 'theirs', OpenedEntry>

/** The files that meet at a path, as long as nothing more is known of them. */
export function fileVersionsOf(path: string, opened: OpenedVersions): FileVersions {
  const stages: FileVersions['stages'] = {}
  for (const version of ['base', 'ours', 'theirs'] as const) {
    const entry = opened[version]
    if (entry.kind === 'file') stages[version] = entry.entry
  }
  return {
    path,
    stages,
    paths: { base: path, ours: path, theirs: path },
    isDirectoryInOurs: insideOf(opened.ours) !== undefined,
    isGone: false,
  }
}

/**
 * Whether a directory that the merge leaves with nothing in it stays: where a side keeps it as an empty one, and the other
 * did not remove an empty one.
 */
export function staysEmpty({ base, ours, theirs }: OpenedVersions): boolean {
  if (isEmpty(base)) return isEmpty(ours) && isEmpty(theirs)
  return isEmpty(ours) || isEmpty(theirs)
}

/** Whether it is a directory with nothing in it. */
export function isEmpty(opened: OpenedEntry): boolean {
  return opened.kind === 'directory' && opened.directory.node.count === 0
}

/** A directory that has something in it. */
export function insideOf(opened: OpenedEntry): DirectoryNode | undefined {
  return opened.kind === 'directory' && !isEmpty(opened) ? opened.directory : undefined
}
