import type { Command } from 'commander'
import type { CID } from 'multiformats/cid'

import { compareNames } from '../../model/compare.ts'
import { type CommitGraph, createCommitGraph } from '../../repo/history/commit-graph.ts'
import { isAncestor } from '../../repo/merge-base.ts'
import { creatorOf, readRefDetails, type RefDetails } from '../../repo/refs/ref-details.ts'
import type { Ref } from '../../repo/refs/ref-files.ts'
import { readPushState, readTrackingState, type TrackingState } from '../../repo/remote/tracking-state.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveCommit, resolveRevision } from '../../repo/revision.ts'
import { collect } from '../collect.ts'
import type { Context } from '../context.ts'
import { revisionOptions } from '../revisions.ts'
import { asksForTracking, compileRefTemplate, type RefScene, sortKey } from './ref-template.ts'

/** The options of `for-each-ref`, `branch` and `tag` that choose, sort and show refs. */
export interface RefListFlags {
  sort?: string[]
  format?: string
  contains?: string | true
  merged?: string | true
  pointsAt?: string
}

/** Declares these options on a command. */
export function addRefListOptions(command: Command): Command {
  return command
    .option('--sort <field>', 'sort by a field, -FIELD backwards; the last one given counts most', collect)
    .option('--format <template>', 'show each by a template like "%(refname:short) %(objectname:short) %(subject)"')
    .option('--contains [revision]', 'list only those that have this commit in their history (default: HEAD)')
    .option('--merged [revision]', 'list only those that this commit has in its history (default: HEAD)')
    .option('--points-at <revision>', 'list only those that name this object')
}

/** Refs with what they name, chosen and sorted as the options say. */
export async function selectRefs(
  context: Context,
  repository: Repository,
  refs: readonly Ref[],
  flags: RefListFlags,
): Promise<RefDetails[]> {
  const isTracking = (flags.sort ?? []).some(asksForTracking)
  const scene = await readRefScene(context, repository, isTracking ? refs : [])
  const keys = (flags.sort ?? []).toReversed().map(readSortKey)
  const keep = await readFilter(context, repository, flags)
  const selected: RefDetails[] = []
  for (const ref of refs) {
    const details = await readRefDetails(repository.store, ref, { signal: context.signal })
    if (await keep(details)) selected.push(details)
  }
  const rows = selected.map((ref) => ({ ref, values: keys.map(({ value }) => value(ref, scene)) }))
  rows.sort((a, b) => {
    for (const [at, { factor }] of keys.entries()) {
      const order = compareValues(a.values[at] as string | number, b.values[at] as string | number)
      if (order !== 0) return order * factor
    }
    return compareNames(a.ref.name, b.ref.name)
  })
  return rows.map(({ ref }) => ref)
}

/** What the fields of refs depend on; with `tracked`, for these also how they stand to what they follow. */
export async function readRefScene(
  context: Context,
  repository: Repository,
  tracked: readonly Ref[] = [],
): Promise<RefScene> {
  const head = await repository.refs.head()
  return {
    headBranch: 'branch' in head ? head.branch : undefined,
    now: context.now(),
    tracking: await readTrackingStates(context, repository, tracked),
    pushing: await readStates(context, repository, tracked, readPushState),
  }
}

/** How branches stand to what they follow, by their full names; those that follow nothing are left out. */
export function readTrackingStates(
  context: Context,
  repository: Repository,
  branches: readonly Ref[],
): Promise<Map<string, TrackingState>> {
  return readStates(context, repository, branches, readTrackingState)
}

async function readStates(
  { signal }: Context,
  repository: Repository,
  branches: readonly Ref[],
  read: typeof readPushState,
): Promise<Map<string, TrackingState>> {
  const graph = createCommitGraph(repository.store)
  const states = new Map<string, TrackingState>()
  for (const { name, cid } of branches.filter((ref) => ref.name.startsWith('refs/heads/'))) {
    const state = await read(repository, graph, { name, commit: cid }, { signal })
    if (state !== undefined) states.set(name, state)
  }
  return states
}

/** Prints refs by a template. */
export async function printRefs(
  context: Context,
  repository: Repository,
  refs: readonly RefDetails[],
  template: string,
): Promise<void> {
  const render = compileRefTemplate(template)
  const scene = await readRefScene(context, repository, asksForTracking(template) ? refs : [])
  await context.terminal.out(refs.map((ref) => `${render(ref, scene)}\n`).join(''))
}

/** A ref as JSON has it. */
export function refDocument(ref: RefDetails, { headBranch }: RefScene) {
  const { name, cid, type, peeled, commit, tag } = ref
  return {
    ref: name,
    cid,
    type,
    isHead: name === headBranch,
    creator: creatorOf(ref),
    message: commit?.message ?? tag?.message,
    object: peeled && { cid: peeled.cid, type: peeled.type },
  }
}

function readSortKey(text: string) {
  const isBackwards = text.startsWith('-')
  const field = isBackwards ? text.slice(1) : text
  return { value: sortKey(field), factor: isBackwards ? -1 : 1 }
}

function compareValues(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : compareNames(String(a), String(b))
}

type Keep = (ref: RefDetails) => Promise<boolean>

async function readFilter(context: Context, repository: Repository, flags: RefListFlags): Promise<Keep> {
  const graph = createCommitGraph(repository.store)
  const commitOf = (text: string | true) =>
    resolveCommit(repository, text === true ? 'HEAD' : text, revisionOptions(context, repository))
  const keeps: Keep[] = []
  if (flags.contains !== undefined) {
    const commit = await commitOf(flags.contains)
    keeps.push((ref) => reaches(graph, commit, commitCid(ref)))
  }
  if (flags.merged !== undefined) {
    const commit = await commitOf(flags.merged)
    keeps.push((ref) => reaches(graph, commitCid(ref), commit))
  }
  if (flags.pointsAt !== undefined) {
    const { cid } = await resolveRevision(repository, flags.pointsAt, revisionOptions(context, repository))
    keeps.push(async (ref) => ref.cid.equals(cid) || ref.peeled?.cid.equals(cid) === true)
  }
  return async (ref) => {
    for (const keep of keeps) if (!(await keep(ref))) return false
    return true
  }
}

function commitCid({ cid, type, peeled }: RefDetails): CID | undefined {
  const object = peeled ?? { cid, type }
  return object.type === 'commit' ? object.cid : undefined
}

async function reaches(graph: CommitGraph, ancestor: CID | undefined, from: CID | undefined): Promise<boolean> {
  return ancestor !== undefined && from !== undefined && isAncestor(graph, ancestor, from)
}
