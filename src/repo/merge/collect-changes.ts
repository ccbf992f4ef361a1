import type { CID } from 'multiformats/cid'

import type { AbortOptions, BlockSource } from '../../model/block.ts'
import { RAW } from '../../model/cid.ts'
import { compareNames } from '../../model/compare.ts'
import { type DirectoryNode, openDirectory } from '../../model/directory/directory-node.ts'
import {
  compareVersions,
  isSameLink,
  type NamedVersions,
  type UnopenedShard,
  type Versions,
} from '../../model/directory/directory-versions.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import { baseName } from '../renames/base-name.ts'
import { type Collection, createCollection, type OneSidedChange, type Place, type TreeChanges } from './collection.ts'
import { planChild, type Side } from './merge-plan.ts'
import { namingPath, openEntry } from './open-entry.ts'
import { fileVersionsOf, insideOf, isEmpty, type OpenedVersions, staysEmpty } from './opened-versions.ts'
import { addBothSided, addOneSided } from './rename-candidates.ts'
import { joinPath } from './tree-path.ts'

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
  const collection = createCollection(source, options)
  collection.plan.startsEmpty = trees.ours === undefined
  const root = async (cid: CID | undefined) => cid && (await namingPath('.', () => openDirectory(source, cid, options)))
  const versions = { base: await root(trees.base), ours: await root(trees.ours), theirs: await root(trees.theirs) }
  await collectDirectory(collection, versions, { path: '', depth: 0, node: collection.plan, isFollowed: false })
  await openVanished(collection)
  if (options.renames) {
    for (const each of ['ours', 'theirs'] as const) await openDeferred(collection, each)
  }
  return collection
}

async function openDeferred(collection: Collection, side: Side): Promise<void> {
  const { candidates, deferred } = collection
  if (!candidates[side].removed.some(({ relevance }) => relevance !== undefined)) return
  if (side === 'ours') for (const shard of collection.shards) await openShard(collection, shard)
  const removed = new Map<string, OneSidedChange[]>()
  // What came is gone into level by level, and what went only last: a directory that did both, by CID, is left closed.
  for (const change of deferred[side]) {
    const { base, changed } = change
    if (base === undefined || changed !== undefined) continue
    const known = removed.get(cidKey(base))
    if (known === undefined) removed.set(cidKey(base), [change])
    else known.push(change)
  }
  for (let at = 0; at < deferred[side].length; at++) {
    const change = deferred[side][at] as OneSidedChange
    const { base, changed, isMoved } = change
    if (isMoved === true || changed === undefined) continue
    const gone = base === undefined ? removed.get(cidKey(changed))?.pop() : undefined
    if (gone === undefined) await openOneSided(collection, side, change, false)
    else gone.isMoved = true
  }
  for (const change of deferred[side]) {
    if (change.isMoved !== true && change.changed === undefined) await openOneSided(collection, side, change, false)
  }
}

/**
 * Goes into directories that one side has no more. Where that side has the same one, by CID, under a new name, what the other
 * side changed belongs there, and nothing else of it is read.
 */
async function openVanished(collection: Collection): Promise<void> {
  const { vanished, fresh } = collection
  for (let next = vanished.shift(); next !== undefined; next = vanished.shift()) {
    const { side, base, inside, place } = next
    const all = fresh[side].get(cidKey(base)) ?? []
    const free = all.filter(({ isMoved }) => isMoved !== true).sort((a, b) => compareNames(a.path, b.path))
    const found = free.find(({ path }) => baseName(path) === baseName(place.path)) ?? free[0]
    if (found !== undefined) {
      found.isMoved = true
      if (place.node !== undefined) place.node.startsEmpty = true
    }
    await collectDirectory(collection, inside, { ...place, moved: found && { side, to: found.path } })
  }
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
  const { moved } = place
  // What was moved as a whole is as base has it: only what the other side changed is found.
  const compared = moved === undefined ? versions : { ...versions, [moved.side]: versions.base }
  const comparing = moved === undefined ? { ...options, onOursAlone } : options
  const named = [...(await namingPath(path === '' ? '.' : path, () => compareVersions(source, compared, comparing)))]
  if (moved !== undefined) for (const each of named) each[moved.side] = undefined
  if (moved !== undefined && versions.base !== undefined) candidates[moved.side].wentTo.set(path, moved.to)
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
    if (isRaw(each.base) || isSameLink(each.base, each[side])) continue
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
  if (place.node !== undefined && (side === 'theirs' || place.moved !== undefined)) {
    const node = planChild(place.node, name)
    node.taken = changed ?? null
    if (side === 'ours') node.isTakenFromOurs = true
  }
  if (!collection.options.renames || (isRaw(base) && isRaw(changed))) return
  const change = { path, base, changed, depth: place.depth + 1 }
  if (place.isFollowed || (isRaw(base ?? changed) && (base === undefined || changed === undefined))) {
    await openOneSided(collection, side, change, place.isFollowed)
  } else {
    collection.deferred[side].push(change)
    if (base === undefined && changed !== undefined) {
      const key = cidKey(changed)
      const all = collection.fresh[side].get(key)
      if (all === undefined) collection.fresh[side].set(key, [change])
      else all.push(change)
    }
  }
}

function cidKey({ cid }: Link): string {
  return Buffer.from(cid).toString('latin1')
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
  addOneSided(collection, side, { path, base, changed, before, after, isFollowed })
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
  const isFile = base.kind === 'file' || ours.kind === 'file' || theirs.kind === 'file'
  const file = isFile ? fileVersionsOf(path, opened) : undefined
  if (file !== undefined) {
    addBothSided(collection, file, links, place)
    if (node !== undefined) {
      node.file = file
      files.set(path, file)
    }
  }
  if (base.kind !== 'directory' && ours.kind !== 'directory' && theirs.kind !== 'directory') return
  if (node !== undefined) {
    node.isDirectory = true
    node.startsEmpty = ours.kind !== 'directory' || place.moved !== undefined
    node.ours = links.ours
    node.keepsEmpty = file === undefined && staysEmpty(opened)
  }
  const inside = { base: insideOf(base), ours: insideOf(ours), theirs: insideOf(theirs) }
  if (inside.base === undefined && inside.ours === undefined && inside.theirs === undefined) return
  const below: Place = { path, depth: place.depth + 1, node, isFollowed: place.isFollowed }
  if (place.moved !== undefined) {
    below.moved = { side: place.moved.side, to: joinPath(place.moved.to, name) }
  } else if (isVanished(collection, opened)) {
    const side = ours.kind === 'none' ? 'ours' : 'theirs'
    collection.vanished.push({ side, base: links.base as Link, inside, place: below })
    return
  }
  await collectDirectory(collection, inside, below)
}

/** Whether one side has a directory no more, which the other changed. */
function isVanished({ options }: Collection, { base, ours, theirs }: OpenedVersions): boolean {
  if (!options.renames || base.kind !== 'directory' || isEmpty(base)) return false
  return ours.kind === 'none' ? theirs.kind === 'directory' : theirs.kind === 'none' && ours.kind === 'directory'
}

function isRaw(link: Link | undefined): boolean {
  return link !== undefined && link.cid[0] === 1 && link.cid[1] === RAW
}
