import { CID } from 'multiformats/cid'

import type { BlockSource } from '../../model/block.ts'
import { NotFoundError } from '../../model/errors.ts'
import { resolvePath } from '../../model/tree/tree-walk.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import { walkIpldPath } from './ipld-path.ts'
import { peel } from './object-type.ts'
import type { RevisionOptions } from './revision-source.ts'
import type { RevisionStep } from './revision-syntax.ts'

/** Goes from an object to another by the steps of a revision; `text` is the whole of it, for messages. */
export async function followSteps(
  store: BlockSource,
  graph: CommitGraph,
  start: CID,
  steps: readonly RevisionStep[],
  options: RevisionOptions & { text: string },
): Promise<CID> {
  let cid = start
  for (const step of steps) cid = await followStep(store, graph, cid, step, options)
  return cid
}

async function followStep(
  store: BlockSource,
  graph: CommitGraph,
  cid: CID,
  step: RevisionStep,
  options: RevisionOptions & { text: string },
): Promise<CID> {
  if (step.kind === 'peel') return peel(store, graph, cid, step.to, options)
  if (step.kind === 'ipld-path') return walkIpldPath(store, cid, step.segments, options)
  if (step.kind === 'path') {
    return findPath(store, await peel(store, graph, cid, 'tree', options), step.path, options)
  }
  let commit = await peel(store, graph, cid, 'commit', options)
  if (step.kind === 'parent') return step.nth === 0 ? commit : parentOf(graph, commit, step.nth, options)
  for (let left = step.generations; left > 0; left--) commit = await parentOf(graph, commit, 1, options)
  return commit
}

async function parentOf(graph: CommitGraph, cid: CID, nth: number, options: RevisionOptions & { text: string }) {
  const { parents } = await graph.load(cid.toString(), options)
  const parent = parents[nth - 1]
  if (parent !== undefined) return CID.parse(parent)
  const has = parents.length === 0 ? 'is the first of its history' : `has ${parents.length} parent(s)`
  throw new NotFoundError('revision-not-found', `cannot find ${options.text}: ${cid.toString()} ${has}`, {
    hint: 'look at the history with `jzfs log --graph`',
    details: { revision: options.text },
  })
}

async function findPath(store: BlockSource, tree: CID, path: string, options: RevisionOptions & { text: string }) {
  const full = /^\.{1,2}(?:\/|$)/.test(path) ? joinPath(options.directory ?? '', path) : path.replace(/\/+$/, '')
  const entry = full === undefined ? undefined : await resolvePath(store, tree, full, options)
  if (entry !== undefined) return entry.cid
  throw new NotFoundError(
    'path-not-found',
    `there is no ${JSON.stringify(full ?? path)} in ${options.text.split(':')[0]}`,
    {
      hint: 'list what is there with `jzfs ls`',
      details: { revision: options.text, path: full ?? path },
    },
  )
}

/** A path from a directory, both from the root of the tree; undefined where it leaves the tree. */
function joinPath(directory: string, path: string): string | undefined {
  const names = directory.split('/').filter((name) => name !== '')
  for (const name of path.split('/')) {
    if (name === '..') {
      if (names.pop() === undefined) return undefined
    } else if (name !== '.' && name !== '') names.push(name)
  }
  return names.join('/')
}
