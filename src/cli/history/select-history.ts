import type { Command } from 'commander'
import type { CID } from 'multiformats/cid'

import { type HistoryOptions, walkHistory } from '../../repo/history.ts'
import type { CommitGraph, GraphCommit } from '../../repo/history/commit-graph.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevisions } from '../../repo/revision-range.ts'
import { peel, readObjectType } from '../../repo/revision/object-type.ts'
import { createPathspecComparison } from '../../worktree/pathspec/pathspec-comparison.ts'
import type { Pathspec } from '../../worktree/pathspec/pathspec.ts'
import type { Context } from '../context.ts'
import { readCount } from '../numbers.ts'
import { type DividedOperands, divideOperands } from '../operands.ts'
import { readHistoricPathspecs } from '../pathspecs.ts'
import { revisionOptions, splitArguments } from '../revisions.ts'

/** The options of `log` and `rev-list` that say which commits are meant, and in which order. */
export interface HistoryFlags {
  maxCount?: string
  skip?: string
  all?: true
  branches?: true
  tags?: true
  firstParent?: true
  topoOrder?: true
  reverse?: true
}

/** Declares these options on a command. */
export function addHistoryOptions(command: Command): Command {
  return command
    .argument('[revision-or-path...]', 'start from these revisions (default: HEAD), or leave out ^REV; A..B is ^A B')
    .option('-n, --max-count <number>', 'show so many commits at most; -NUMBER is the same')
    .option('--skip <number>', 'pass over so many commits first')
    .option('--all', 'start from all refs and HEAD')
    .option('--branches', 'start from all branches')
    .option('--tags', 'start from all tags')
    .option('--first-parent', 'follow only the first parent of each merge')
    .option('--topo-order', 'show no parent before all of its children, one line of history after the other')
    .option('--reverse', 'show the oldest first')
}

/** Commits, and what they were chosen by. */
export interface SelectedHistory {
  commits: AsyncIterable<GraphCommit>
  graph: CommitGraph
  pathspecs: readonly Pathspec[]
}

/** A command line that means commits. */
export interface HistoryRequest {
  command: Command
  operands: string[]
  flags: HistoryFlags
  drawn?: boolean
  rewrites?: boolean
}

/**
 * Finds the commits that a command line means. `rewrites`: with paths, each commit has the nearest shown ancestors as its
 * parents. `drawn`: so too, and in the order of a graph, with only parents that are shown.
 */
export async function selectHistory(
  context: Context,
  repository: Repository,
  { command, operands, flags, drawn = false, rewrites = drawn }: HistoryRequest,
): Promise<SelectedHistory> {
  const numbered = takeNumber(divideOperands(command, operands))
  const options = revisionOptions(context, repository)
  const { revisions, paths } = await splitArguments(context, repository, numbered.operands, options)
  const starts = await startingRefs(repository, options.graph, flags)
  const given = revisions.length > 0 || starts !== undefined ? revisions : ['HEAD']
  const { include, exclude } = await resolveRevisions(repository, given, options)
  const pathspecs = paths.length === 0 ? [] : readHistoricPathspecs(context, repository, paths)
  const comparison = createPathspecComparison(repository.store, pathspecs)
  const history: HistoryOptions = {
    include: [...(starts ?? []), ...include],
    exclude,
    isFirstParent: flags.firstParent === true,
    order: flags.topoOrder === true || drawn ? 'topological' : 'date',
    comparison,
    rewritesParents: rewrites && comparison !== undefined,
    signal: context.signal,
  }
  const window = readWindow(flags, numbered.maxCount)
  const commits = drawn
    ? drawnCommits(options.graph, history, window)
    : chosenCommits(options.graph, { ...history, ...window }, flags.reverse === true)
  return { commits, graph: options.graph, pathspecs }
}

interface Window {
  skip: number
  maxCount: number
}

function readWindow({ maxCount, skip }: HistoryFlags, number: number | undefined): Window {
  return {
    maxCount: maxCount === undefined ? (number ?? Infinity) : readCount('-n', maxCount),
    skip: skip === undefined ? 0 : readCount('--skip', skip),
  }
}

/** Takes `-5` out of the operands before `--`. */
function takeNumber({ before, behind }: DividedOperands) {
  const isNumber = (operand: string) => /^-\d+$/.test(operand)
  const number = before.findLast(isNumber)
  return {
    operands: { before: before.filter((operand) => !isNumber(operand)), behind },
    maxCount: number === undefined ? undefined : readCount('-n', number.slice(1)),
  }
}

/** The commits of `--all` and the like; undefined where none of these was given. */
async function startingRefs(
  { refs, store }: Repository,
  graph: CommitGraph,
  { all, branches, tags }: HistoryFlags,
): Promise<CID[] | undefined> {
  const prefixes = all ? ['refs'] : [...(branches ? ['refs/heads'] : []), ...(tags ? ['refs/tags'] : [])]
  if (prefixes.length === 0) return undefined
  const cids: CID[] = []
  for (const prefix of prefixes) cids.push(...(await refs.list(prefix)).map(({ cid }) => cid))
  const head = all ? await refs.headCommit() : undefined
  if (head !== undefined) cids.push(head)
  const commits: CID[] = []
  for (const cid of cids) {
    const object = await peel(store, graph, cid, 'no-tag')
    if ((await readObjectType(store, object)) === 'commit') commits.push(object)
  }
  return commits
}

async function* chosenCommits(
  graph: CommitGraph,
  options: HistoryOptions,
  isReversed: boolean,
): AsyncGenerator<GraphCommit> {
  if (isReversed) yield* (await Array.fromAsync(walkHistory(graph, options))).reverse()
  else yield* walkHistory(graph, options)
}

/** A line of the graph leads only to commits that are shown, those beyond the last among them. */
async function* drawnCommits(graph: CommitGraph, options: HistoryOptions, { skip, maxCount }: Window) {
  const all = await Array.fromAsync(walkHistory(graph, options))
  const ids = new Set(all.map(({ id }) => id))
  for (const commit of all.slice(skip, skip + maxCount)) {
    const parents = commit.parents.filter((id) => ids.has(id))
    yield { ...commit, parents: options.isFirstParent ? parents.slice(0, 1) : parents }
  }
}
