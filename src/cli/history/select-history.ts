import type { Command } from 'commander'

import { type HistoryCommit, type HistoryOptions, walkHistory } from '../../repo/history.ts'
import type { CommitGraph } from '../../repo/history/commit-graph.ts'
import { commitMatcher } from '../../repo/history/match-commits.ts'
import { equalChanges } from '../../repo/replay/equal-changes.ts'
import type { Repository } from '../../repo/repository.ts'
import type { RevisionSet } from '../../repo/revision-range.ts'
import { createPathspecComparison } from '../../worktree/pathspec/pathspec-comparison.ts'
import type { Pathspec } from '../../worktree/pathspec/pathspec.ts'
import type { Context } from '../context.ts'
import { readCount } from '../numbers.ts'
import { type DividedOperands, divideOperands } from '../operands.ts'
import { readHistoricPathspecs } from '../pathspecs.ts'
import { revisionOptions, splitArguments } from '../revisions.ts'
import { type HistoryFlags, readCommitPatterns, readHistoryOptions } from './history-options.ts'
import { resolveRevisionArguments } from './revision-arguments.ts'

/** Commits, and what they were chosen by. */
export interface SelectedHistory {
  commits: AsyncIterable<HistoryCommit>
  graph: CommitGraph
  pathspecs: readonly Pathspec[]
}

/** A further condition on commits: it is asked for each that all others hold for, in the order of the walk. */
export type CommitCondition = (commit: HistoryCommit) => Promise<boolean>

/** A command line that means commits. */
export interface HistoryRequest {
  command: Command
  operands: string[]
  flags: HistoryFlags
  drawn?: boolean
  rewrites?: boolean
  /** Makes a further condition. `followsPath`: the paths do not choose commits, but this does. */
  condition?: (graph: CommitGraph, pathspecs: readonly Pathspec[]) => CommitCondition | undefined
  followsPath?: boolean
}

/**
 * Finds the commits that a command line means. `rewrites`: with paths, each commit has the nearest shown ancestors as its
 * parents. `drawn`: so too, and in the order of a graph, with only parents that are shown.
 */
export async function selectHistory(
  context: Context,
  repository: Repository,
  { command, operands, flags, drawn = false, rewrites = drawn, condition, followsPath = false }: HistoryRequest,
): Promise<SelectedHistory> {
  const numbered = takeNumber(divideOperands(command, operands))
  const options = revisionOptions(context, repository)
  const { graph } = options
  const { revisions, paths } = await splitArguments(context, repository, numbered.operands, options)
  const chosen = readHistoryOptions(context, flags)
  const matches = commitMatcher(graph, readCommitPatterns(flags), context)
  const set = await resolveRevisionArguments(command, repository, revisions, options)
  const pathspecs = paths.length === 0 ? [] : readHistoricPathspecs(context, repository, paths)
  const comparison = followsPath ? undefined : createPathspecComparison(repository.store, pathspecs)
  const further = condition?.(graph, pathspecs)
  const isOnBothSides = flags.cherryPick ? changesOfBothSides(repository, graph, { ...set, ...context }) : undefined
  const history: HistoryOptions = {
    ...chosen,
    include: set.include,
    exclude: set.exclude,
    ...(hasSides(flags) && { left: set.left ?? [] }),
    order: drawn && chosen.order === 'date' ? 'topological' : (chosen.order ?? 'date'),
    comparison,
    rewritesParents: rewrites && comparison !== undefined,
    matches:
      matches === undefined && further === undefined && isOnBothSides === undefined && !hasSides(flags)
        ? undefined
        : async (commit) =>
            isOnSide(commit, flags) &&
            (isOnBothSides === undefined || !(await isOnBothSides(commit.id))) &&
            (matches === undefined || (await matches(commit.id))) &&
            (further === undefined || (await further(commit))),
    signal: context.signal,
  }
  const window = readWindow(flags, numbered.maxCount)
  const commits = drawn
    ? drawnCommits(graph, history, window)
    : (flags.reverse ? reversedCommits : walkHistory)(graph, { ...history, ...window })
  return { commits, graph, pathspecs }
}

/** Whether a commit of one side changes what one of the other changes, in the same way. */
function changesOfBothSides(
  { store }: Repository,
  graph: CommitGraph,
  { include, exclude, left = [], signal }: RevisionSet & { signal: AbortSignal },
): (id: string) => Promise<boolean> {
  const find = async (): Promise<Set<string>> => {
    const walk = walkHistory(graph, { include, exclude, left, maxParents: 1, signal })
    const commits = await Array.fromAsync(walk)
    const [own, other] = [commits.filter(({ side }) => side === 'left'), commits.filter(({ side }) => side !== 'left')]
    const ofLeft = await equalChanges(store, graph, { own, other }, { signal })
    return ofLeft.union(await equalChanges(store, graph, { own: other, other: own }, { signal }))
  }
  let found: Promise<Set<string>> | undefined
  return async (id) => (await (found ??= find())).has(id)
}

function hasSides({ leftRight, leftOnly, rightOnly }: HistoryFlags): boolean {
  return leftRight === true || leftOnly === true || rightOnly === true
}

function isOnSide({ side }: HistoryCommit, { leftOnly, rightOnly }: HistoryFlags): boolean {
  return (!leftOnly || side === 'left') && (!rightOnly || side === 'right')
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

async function* reversedCommits(graph: CommitGraph, options: HistoryOptions): AsyncGenerator<HistoryCommit> {
  yield* (await Array.fromAsync(walkHistory(graph, options))).reverse()
}

/** A line of the graph leads only to commits that are shown, those beyond the last among them. */
async function* drawnCommits(
  graph: CommitGraph,
  options: HistoryOptions,
  { skip, maxCount }: Window,
): AsyncGenerator<HistoryCommit> {
  const all = await Array.fromAsync(walkHistory(graph, options))
  const ids = new Set(all.map(({ id }) => id))
  for (const commit of all.slice(skip, skip + maxCount)) {
    const { id, cid, tree, committedAt, authoredAt, side } = commit
    const shown = commit.parents.filter((parent) => ids.has(parent))
    const parents = options.isFirstParent === true ? shown.slice(0, 1) : shown
    yield { id, cid, tree, parents, committedAt, authoredAt, ...(side !== undefined && { side }) }
  }
}
