import type { CID } from 'multiformats/cid'

import { compareNames } from '../../model/compare.ts'
import { toCid } from '../../model/directory/directory-read.ts'
import {
  buildDirectory,
  EMPTY_DIRECTORY,
  type Entry,
  findEntry,
  updateDirectory,
} from '../../model/directory/directory.ts'
import type { Link } from '../../model/unixfs/dag-pb.ts'
import { baseName } from '../renames/base-name.ts'
import type { PlanNode } from './merge-plan.ts'
import { linkOf, namingPath } from './open-entry.ts'
import { settleFile, type Settling } from './settle-file.ts'
import { joinPath } from './tree-path.ts'

/** Carries out a plan on the tree of ours, directory by directory from the bottom up, and returns the merged tree. */
export async function settlePlan(settling: Settling, plan: PlanNode, ours: CID | undefined): Promise<CID> {
  const start = ours && { name: '', cid: ours.bytes, tsize: 0 }
  const root = await settleDirectory(settling, plan, '', start)
  if (root !== undefined) return toCid(root.cid)
  settling.receive(EMPTY_DIRECTORY)
  return EMPTY_DIRECTORY.cid
}

type Changes = Map<string, Link | undefined>

/** Decides what stands at a node, and adds it to the changes of its directory. `found` is what ours has there. */
async function settleNode(
  settling: Settling,
  node: PlanNode,
  path: string,
  found: Link | undefined,
  changes: Changes,
): Promise<void> {
  const name = baseName(path)
  const start = node.taken === undefined ? found : (node.taken ?? undefined)
  const directory = node.isDirectory ? await settleDirectory(settling, node, path, start) : undefined
  if (node.file === undefined) {
    changes.set(name, node.isDirectory ? directory : start)
    return
  }
  const { entry, aside } = await settleFile(settling, node.file, directory !== undefined)
  changes.set(name, entry === undefined ? directory : linkOf(entry, name))
  if (aside !== undefined) {
    const beside = baseName(aside.path)
    changes.set(beside, linkOf(aside.entry, beside))
  }
}

/** Puts a directory together from what it starts with and its children; undefined where nothing is left that keeps it. */
async function settleDirectory(
  settling: Settling,
  node: PlanNode,
  path: string,
  found: Link | undefined,
): Promise<Link | undefined> {
  const start = node.startsEmpty && node.taken === undefined ? undefined : found
  const changes: Changes = new Map()
  const names = [...(node.children?.keys() ?? [])].sort(compareNames)
  for (const name of names) {
    const child = node.children?.get(name) as PlanNode
    await settleNode(settling, child, joinPath(path, name), await oursOf(settling, start, name, child, path), changes)
  }
  const built = await buildOn(settling, start, changes, path)
  if (built === undefined || isEmptyDirectory(built)) return node.keepsEmpty ? emptyDirectory(settling) : undefined
  return built
}

/** What ours has at a child, where that matters. */
async function oursOf(
  { source, options }: Settling,
  start: Link | undefined,
  name: string,
  child: PlanNode,
  path: string,
): Promise<Link | undefined> {
  if (!child.isDirectory || child.taken !== undefined || child.startsEmpty || start === undefined) return undefined
  if (child.ours !== undefined) return child.ours
  const entry = await namingPath(joinPath(path, name), () => findEntry(source, toCid(start.cid), name, options))
  return entry && linkOf(entry, name)
}

async function buildOn(
  { source, receive, options }: Settling,
  start: Link | undefined,
  changes: Changes,
  path: string,
): Promise<Link | undefined> {
  if (start === undefined) {
    const entries: Entry[] = []
    for (const [name, after] of changes) {
      if (after !== undefined) entries.push({ name, cid: toCid(after.cid), tsize: after.tsize })
    }
    return entries.length === 0 ? undefined : linkOf(buildDirectory(entries, { onBlock: receive }), '')
  }
  if (changes.size === 0) return start
  const list = Array.from(changes, ([name, after]) => ({ name, after: after && { ...after, cid: toCid(after.cid) } }))
  const built = await namingPath(path === '' ? '.' : path, () =>
    updateDirectory(source, toCid(start.cid), list, { ...options, onBlock: receive }),
  )
  return linkOf(built, '')
}

function isEmptyDirectory({ cid }: Link): boolean {
  return toCid(cid).equals(EMPTY_DIRECTORY.cid)
}

function emptyDirectory({ receive }: Settling): Link {
  receive(EMPTY_DIRECTORY)
  return { name: '', cid: EMPTY_DIRECTORY.cid.bytes, tsize: EMPTY_DIRECTORY.bytes.length }
}
