import type { ShardPlace } from '../../model/directory/directory-read.ts'

/**
 * What may stand behind a link: `any` root; a repository's `manifest`; what its tags name (`target`); a `commit`; a
 * `tag`; the root directory of a commit (`tree`); anything in
 * a directory (`entry`); a piece of a file (`content`); a `shard` below another one.
 */
export type Role = 'any' | 'manifest' | 'target' | 'commit' | 'tag' | 'tree' | 'entry' | 'content' | 'shard'

/** What the nodes above say of the block behind a link. */
export interface DagPlace {
  role: Role
  /** Directories above. */
  depth: number
  /** Inner nodes of the file above. */
  fileDepth?: number
  /** Bytes of the whole DAG, as its link declares them; of a leaf its own. */
  tsize?: number | undefined
  /** Bytes of file content, as the node above declares them. */
  contentSize?: number | undefined
  /** Only of a `shard`: the shard that links it, and which link that is. */
  above?: { place: ShardPlace; index: number }
}

/** What a node turned out to be. Only a shard's checks depend on where it stands, so its slots are part of what it is. */
export type NodeKind = 'manifest' | 'commit' | 'tag' | 'directory' | 'file' | 'symlink' | `shard ${string}`

/** The kind of a shard that stands where these slots lead; the first one of a directory has none. */
export function shardKind(path: readonly number[]): NodeKind {
  return `shard ${path.join(' ')}`
}

const FIRST_SHARD = shardKind([])

/** Whether a node of this kind, valid in itself, may stand at this place. */
export function fits(kind: NodeKind, place: DagPlace): boolean {
  return FITTING[place.role](kind, place)
}

const FITTING: Record<Role, (kind: NodeKind, place: DagPlace) => boolean> = {
  any: (kind) => kind === 'manifest' || isTagged(kind),
  manifest: (kind) => kind === 'manifest',
  target: isTagged,
  commit: (kind) => kind === 'commit',
  tag: (kind) => kind === 'tag',
  tree: (kind) => kind === 'directory' || kind === FIRST_SHARD,
  entry: isEntry,
  content: (kind) => kind === 'file',
  shard: (kind, { above }) => above !== undefined && kind === shardKind(pathBelow(above)),
}

/** The slots that lead to the shard behind a link of another one. */
export function pathBelow({ place, index }: { place: ShardPlace; index: number }): number[] {
  return [...place.path, place.directory.shard?.slots[index] ?? -1]
}

function isTagged(kind: NodeKind): boolean {
  return kind === 'commit' || kind === 'tag' || isEntry(kind)
}

function isEntry(kind: NodeKind): boolean {
  return kind === 'directory' || kind === 'file' || kind === 'symlink' || kind === FIRST_SHARD
}
