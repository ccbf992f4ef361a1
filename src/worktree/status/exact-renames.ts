import { base64 } from 'multiformats/bases/base64'

import type { StagedChange } from './staged-changes.ts'

/**
 * Joins a removed and an added path of one content (not an empty one) into a rename: `path` is the new one, `from` the
 * old. Of several candidates one with the same name is taken, else the first. Other changes stay, in their order.
 */
export function joinExactRenames(changes: readonly StagedChange[]): StagedChange[] {
  const removed = new Map<string, StagedChange[]>()
  for (const change of changes) {
    if (change.after !== undefined || !isRenamable(change.before)) continue
    const key = contentKey(change.before)
    removed.set(key, [...(removed.get(key) ?? []), change])
  }
  if (removed.size === 0) return [...changes]
  const sources = new Map<StagedChange, StagedChange>()
  const added = changes.filter(({ before, after }) => before === undefined && isRenamable(after))
  // Those that keep their name choose first.
  for (const sameName of [true, false]) {
    for (const change of added) {
      if (sources.has(change)) continue
      const candidates = removed.get(contentKey(change.after as Side)) ?? []
      const at = candidates.findIndex(({ path }) => !sameName || nameOf(path) === nameOf(change.path))
      if (at !== -1) sources.set(change, ...(candidates.splice(at, 1) as [StagedChange]))
    }
  }
  const used = new Set(sources.values())
  return changes
    .filter((change) => !used.has(change))
    .map((change) => {
      const source = sources.get(change)
      return source === undefined ? change : { ...change, from: source.path, before: source.before }
    })
}

type Side = NonNullable<StagedChange['after']>

function isRenamable(side: StagedChange['after']): side is Side {
  return side !== undefined && side.kind !== 'directory' && side.size > 0
}

function contentKey(side: Side): string {
  return `${side.kind === 'symlink' ? 'l' : 'f'}${base64.baseEncode(side.contentCid.bytes)}`
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
