import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import type { DirectoryNode } from '../../model/directory/directory-node.ts'
import { openDirectory } from '../../model/directory/directory-node.ts'
import {
  compareVersions,
  isSameLink,
  type NamedVersions,
  type UnopenedShard,
  type Versions,
} from '../../model/directory/directory-versions.ts'
import type { NodeEntry } from '../../model/tree/tree-diff.ts'
import { WalkBudget } from '../../model/tree/walk-budget.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import {
  createPlanNode,
  type FileVersions,
  otherSide,
  planChild,
  type PlanNode,
  type RenameCandidate,
  type Side,
  type SideCandidates,
} from './merge-plan.ts'
import { namingPath, openEntry, type OpenedEntry } from './open-entry.ts'
import { joinPath, parentPath } from './tree-path.ts'

/** What three trees differ in. */
export interface TreeChanges {
  plan: PlanNode
  /** Files that both sides changed, by path. */
  files: Map<string, FileVersions>
  candidates: Record<Side, SideCandidates>
}

/** What is being put together, and how it is read. */
interface Collection extends TreeChanges {
  source: BlockSource
  options: AbortOptions & { renames: boolean }
  budget: WalkBudget
  /** Entries that one side alone changed, which are taken whole unless renames make it matter what is in them. */
  deferred: Record<Side, OneSidedChange[]>
  /** Shards that ours alone changed: the same. */
  shards: { directory: DirectoryNode; place: Place; shard: UnopenedShard }[]
}

interface OneSidedChange {
  path: string
  base: Link | undefined
  changed: Link | undefined
  depth: number
}

/** Where a walk is. */
interface Place {
  path: string
  depth: number
  /** Undefined: nothing is to be decided in here, only candidates for renames are looked for. */
  node: PlanNode | undefined
  /** It matters to where this directory, or one above it, was moved. */
  isFollowed: boolean
}

/**
 * Walks three trees together and finds what is to be done so that ours becomes the merged tree. What one side alone
 * changed is taken from there, unopened. Only where a rename of that side may matter (the other side changed a file that
 * it removed, or added one to a directory that it removed) is the rest of what it changed gone through, for where things
 * were moved to.
 */
export async function collectChanges(
  source: BlockSource,
  trees: Versions<CID>,
  options: AbortOptions & { renames: boolean },
): Promise<TreeChanges> {
  const side = (): SideCandidates => ({ added: [], removed: [], movedDirectories: new Map() })
  const collection: Collection = {
    plan: { ...createPlanNode(), isDirectory: true, keepsEmpty: true, startsEmpty: trees.ours === undefined },
    files: new Map(),
    candidates: { ours: side(), theirs: side() },
    source,
    options,
    budget: new WalkBudget(options),
    deferred: { ours: [], theirs: [] },
    shards: [],
  }
  const root = async (cid: CID | undefined) => cid && (await namingPath('.', () => openDirectory(source, cid, options)))
  const versions = { base: await root(trees.base), ours: await root(trees.ours), theirs: await root(trees.theirs) }
  await collectDirectory(collection, versions, { path: '', depth: 0, node: collection.plan, isFollowed: false })
  if (options.renames) {
    for (const each of ['ours', 'theirs'] as const) await openDeferred(collection, each)
  }
  return collection
}

async function openDeferred(collection: Collection, side: Side): Promise<void> {
  const { candidates, deferred } = collection
  if (!candidates[side].removed.some(({ relevance }) => relevance !== undefined)) return
  if (side === 'ours') for (const shard of collection.shards) await openShard(collection, shard)
  for (const change of deferred[side]) await openOneSided(collection, side, change, false)
}

async function openShard(
  collection: Collection,
  { directory, place, shard }: Collection['shards'][number],
): Promise<void> {
  for (const named of await namingPath(place.path === '' ? '.' : place.path, () => shard.open())) {
    collection.budget.pass(directory.node.cid, 0)
    await collectEntry(collection, named, place)
  }
}

async function collectDirectory(
  collection: Collection,
  versions: Versions<DirectoryNode>,
  place: Place,
): Promise<void> {
  const { source, options, budget, candidates } = collection
  const { path, depth } = place
  const here = (versions.ours ?? versions.theirs ?? versions.base) as DirectoryNode
  const onOursAlone = (shard: UnopenedShard) => void collection.shards.push({ directory: here, place, shard })
  const comparing = { ...options, onOursAlone }
  const named = [...(await namingPath(path === '' ? '.' : path, () => compareVersions(source, versions, comparing)))]
  if (path !== '') budget.enter(here.node.cid, path, depth)
  const isFollowed = place.isFollowed || (await isAddedTo(collection, versions, place, named))
  if (isFollowed && versions.base !== undefined) {
    for (const side of ['ours', 'theirs'] as const) {
      const { movedDirectories } = candidates[side]
      if (versions[side] === undefined && !movedDirectories.has(path)) movedDirectories.set(path, 'ancestor')
    }
  }
  for (const each of named) {
    budget.pass(here.node.cid, 0)
    await collectEntry(collection, each, { ...place, isFollowed })
  }
}

/** Whether one side removed a directory of the base, and the other put a file into it. */
async function isAddedTo(
  { source, options }: Collection,
  { base, ours, theirs }: Versions<DirectoryNode>,
  { path }: Place,
  named: readonly NamedVersions[],
): Promise<boolean> {
  if (base === undefined || (ours === undefined) === (theirs === undefined)) return false
  const side = ours === undefined ? 'theirs' : 'ours'
  for (const each of named) {
    if (isRaw(each.base)) continue
    const place = joinPath(path, each.name)
    if ((await openEntry(source, place, each[side], options)).kind !== 'file') continue
    if ((await openEntry(source, place, each.base, options)).kind !== 'file') return true
  }
  return false
}

async function collectEntry(collection: Collection, named: NamedVersions, place: Place): Promise<void> {
  const { name, base, ours, theirs } = named
  const path = joinPath(place.path, name)
  const isOurs = isSameLink(base, theirs)
  if (!isOurs && !isSameLink(base, ours)) {
    await collectBothSided(collection, path, named, place)
    return
  }
  const side = isOurs ? 'ours' : 'theirs'
  const changed = isOurs ? ours : theirs
  if (side === 'theirs' && place.node !== undefined) planChild(place.node, name).taken = changed ?? null
  if (!collection.options.renames || (isRaw(base) && isRaw(changed))) return
  const change = { path, base, changed, depth: place.depth + 1 }
  if (place.isFollowed || (isRaw(base ?? changed) && (base === undefined || changed === undefined))) {
    await openOneSided(collection, side, change, place.isFollowed)
  } else {
    collection.deferred[side].push(change)
  }
}

/** Finds what a change that one side alone made may have to do with renames: files that came or went. */
async function openOneSided(
  collection: Collection,
  side: Side,
  { path, base, changed, depth }: OneSidedChange,
  isFollowed: boolean,
): Promise<void> {
  const { source, options } = collection
  const before = await openEntry(source, path, base, options)
  const after = await openEntry(source, path, changed, options)
  if (before.kind === 'file' && after.kind !== 'file') {
    addCandidate(collection, side, 'removed', {
      path,
      link: base as Link,
      entry: entryOfNode(before.entry),
      relevance: isFollowed ? 'location' : undefined,
    })
  }
  if (before.kind !== 'file' && after.kind === 'file') {
    addCandidate(collection, side, 'added', { path, link: changed as Link, entry: entryOfNode(after.entry) })
    if (isFollowed) setAddedTo(collection, side, path)
  }
  const inside = { base: insideOf(before), ours: insideOf(before), theirs: insideOf(before), [side]: insideOf(after) }
  if (inside.base !== undefined || inside[side] !== undefined) {
    await collectDirectory(collection, inside, { path, depth, node: undefined, isFollowed })
  }
}

/** Takes apart what both sides changed, alike or not. */
async function collectBothSided(
  collection: Collection,
  path: string,
  { name, ...links }: NamedVersions,
  place: Place,
): Promise<void> {
  const { source, options, files } = collection
  const isAlike = isSameLink(links.ours, links.theirs)
  const base = await openEntry(source, path, links.base, options)
  const ours = await openEntry(source, path, links.ours, options)
  const theirs = isAlike ? ours : await openEntry(source, path, links.theirs, options)
  const opened = { base, ours, theirs }
  const node = isAlike || place.node === undefined ? undefined : planChild(place.node, name)
  const file = fileVersions(path, opened)
  if (file !== undefined) {
    addBothSided(collection, file, links, place.isFollowed)
    if (node !== undefined) {
      node.file = file
      files.set(path, file)
    }
  }
  if (base.kind !== 'directory' && ours.kind !== 'directory' && theirs.kind !== 'directory') return
  if (node !== undefined) {
    node.isDirectory = true
    node.startsEmpty = ours.kind !== 'directory'
    node.ours = links.ours
    node.keepsEmpty = file === undefined && staysEmpty(opened)
  }
  const inside = { base: insideOf(base), ours: insideOf(ours), theirs: insideOf(theirs) }
  if (inside.base === undefined && inside.ours === undefined && inside.theirs === undefined) return
  await collectDirectory(collection, inside, { path, depth: place.depth + 1, node, isFollowed: place.isFollowed })
}

function fileVersions(path: string, opened: Record<'base' | 'ours' | 'theirs', OpenedEntry>): FileVersions | undefined {
  const stages: FileVersions['stages'] = {}
  for (const version of ['base', 'ours', 'theirs'] as const) {
    const entry = opened[version]
    if (entry.kind === 'file') stages[version] = entry.entry
  }
  if (Object.keys(stages).length === 0) return undefined
  return {
    path,
    stages,
    paths: { base: path, ours: path, theirs: path },
    isDirectoryInOurs: insideOf(opened.ours) !== undefined,
    isGone: false,
  }
}

/** An entry as candidates keep it: of a raw leaf its link says all. */
function entryOfNode(entry: NodeEntry): NodeEntry | undefined {
  return entry.cid.code === RAW ? undefined : entry
}

function addBothSided(collection: Collection, file: FileVersions, links: Versions<Link>, isFollowed: boolean): void {
  const { path, stages } = file
  for (const side of ['ours', 'theirs'] as const) {
    const other = otherSide(side)
    if (stages.base !== undefined && stages[side] === undefined) {
      const entry = entryOfNode(stages.base)
      addCandidate(collection, side, 'removed', { path, link: links.base as Link, entry, relevance: 'content' })
    } else if (stages.base === undefined && stages[side] !== undefined) {
      addCandidate(collection, side, 'added', { path, link: links[side] as Link, entry: entryOfNode(stages[side]) })
      if (isFollowed && stages[other] === undefined) setAddedTo(collection, side, path)
    }
  }
}

/**
 * Whether a directory that the merge leaves with nothing in it stays: where a side keeps it as an empty one, and the other
 * did not remove an empty one.
 */
function staysEmpty({ base, ours, theirs }: Record<'base' | 'ours' | 'theirs', OpenedEntry>): boolean {
  if (isEmpty(base)) return isEmpty(ours) && isEmpty(theirs)
  return isEmpty(ours) || isEmpty(theirs)
}

function isEmpty(opened: OpenedEntry): boolean {
  return opened.kind === 'directory' && opened.directory.node.count === 0
}

/** A directory that has something in it. */
function insideOf(opened: OpenedEntry): DirectoryNode | undefined {
  return opened.kind === 'directory' && !isEmpty(opened) ? opened.directory : undefined
}

function addCandidate(
  { options, candidates }: Collection,
  side: Side,
  kind: 'added' | 'removed',
  candidate: RenameCandidate,
): void {
  if (options.renames) candidates[side][kind].push(candidate)
}

/** Remembers that a side put a file into a directory: it matters to where the other side moved that. */
function setAddedTo({ candidates }: Collection, side: Side, path: string): void {
  candidates[otherSide(side)].movedDirectories.set(parentPath(path), 'self')
}

function isRaw(link: Link | undefined): boolean {
  return link !== undefined && link.cid[0] === 1 && link.cid[1] === RAW
}
