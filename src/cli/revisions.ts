import { lstatSync, realpathSync } from 'node:fs'
import { join, relative } from 'node:path'

import { readApproximateDate } from '../model/commit/approximate-date.ts'
import { renderDate } from '../model/commit/date-style.ts'
import { InvalidError, JzfsError, NotFoundError } from '../model/errors.ts'
import { type CommitGraph, createCommitGraph } from '../repo/history/commit-graph.ts'
import type { Repository } from '../repo/repository.ts'
import { resolveRevisions, splitRange } from '../repo/revision-range.ts'
import { resolveRevision } from '../repo/revision.ts'
import type { RevisionOptions } from '../repo/revision/revision-source.ts'
import type { Stage } from '../worktree/index/index-entry.ts'
import { openIndex } from '../worktree/index/open-index.ts'
import type { Context } from './context.ts'
import { localOffset } from './identity.ts'
import type { DividedOperands } from './operands.ts'

/** How the revisions of a command line are looked up, with the graph of commits that the command goes on with. */
export function revisionOptions(context: Context, repository: Repository): RevisionOptions & { graph: CommitGraph } {
  return {
    graph: createCommitGraph(repository.store),
    signal: context.signal,
    directory: directoryInTree(context, repository),
    findStaged: async (path, stage) => {
      const index = await openIndex(repository)
      const position = index.find(path, stage as Stage)
      return position === -1 ? undefined : index.cids(position).cid
    },
    readTime: (text) => readApproximateDate(text, context.now(), localOffset),
    onShortLog: (ref, date) => {
      const since = renderDate(date, 'iso', context.now())
      context.terminal.say(`warning: the log of ${ref} goes back to ${since} only`)
    },
    onAmbiguous: (name, ref) =>
      context.terminal.say(`warning: "${name}" is ambiguous: taking ${ref.name}, not ${ref.others.join(' or ')}`),
  }
}

/** Where the user stands, as a path from the top of the working tree; '' where there is none, or outside of it. */
export function directoryInTree(context: Context, { worktree }: Pick<Repository, 'worktree'>): string {
  if (worktree === undefined) return ''
  const path = relative(worktree, realpathSync(context.cwd))
  return path === '..' || path.startsWith('../') ? '' : path
}

/** Revisions and paths of a command line. */
export interface RevisionArguments {
  revisions: string[]
  paths: string[]
}

/**
 * Tells revisions from paths as git does: before `--` there are revisions, behind it paths; without `--`, revisions as long
 * as they are some, then paths, which must exist in the working tree. A word that could be either is refused.
 */
export async function splitArguments(
  context: Context,
  repository: Repository,
  { before: operands, behind }: DividedOperands,
  options: RevisionOptions,
): Promise<RevisionArguments> {
  if (behind !== undefined) return { revisions: operands, paths: behind }
  // Whoever goes on looks the revisions up again, and warns: from the same graph.
  const silent = { ...options, onAmbiguous: () => {}, onShortLog: () => {} }
  for (const [at, operand] of operands.entries()) {
    const problem = await revisionProblem(repository, operand, silent)
    const path = isPath(context, operand)
    if (problem === undefined && path && hasFilesHere(context, repository)) throw ambiguousArgument(operand)
    if (problem === undefined) continue
    if (!path) throw neither(problem, operand)
    for (const rest of operands.slice(at)) if (!isPath(context, rest)) throw noSuchPath(rest)
    return { revisions: operands.slice(0, at), paths: operands.slice(at) }
  }
  return { revisions: operands, paths: [] }
}

/** Whether what lies here are the user's files: not in a bare repository, or within `.jzfs`. */
function hasFilesHere({ cwd }: Context, { worktree, path }: Repository): boolean {
  return worktree !== undefined && !`${realpathSync(cwd)}/`.startsWith(`${path}/`)
}

/** What stands against an operand as a revision or a range; undefined for a good one. */
export async function revisionProblem(
  repository: Repository,
  text: string,
  options: RevisionOptions,
): Promise<JzfsError | undefined> {
  if (PATHSPEC_MAGIC.test(text)) return new InvalidError('revision-invalid', `${text} is a pathspec`)
  try {
    if (splitRange(text) === undefined && !/^\^|\^[@!]$|\^-\d*$/.test(text)) {
      await resolveRevision(repository, text, options)
    } else {
      await resolveRevisions(repository, [text], options)
    }
    return undefined
  } catch (error) {
    if (!(error instanceof JzfsError) || !NO_REVISION.has(error.code)) throw error
    return error
  }
}

const PATHSPEC_MAGIC = /^:[(!^/]/
const NO_REVISION = new Set(['revision-not-found', 'revision-invalid', 'path-not-found', 'reflog-value-gone'])

/** Whether an operand is a path of the working tree, or a pattern of paths. */
export function isPath({ cwd }: Context, text: string): boolean {
  if (PATHSPEC_MAGIC.test(text) || /[*?[]/.test(text)) return true
  try {
    return lstatSync(text.startsWith('/') ? text : join(cwd, text), { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** The error for an operand that is both: InvalidError `argument-ambiguous`. */
export function ambiguousArgument(text: string): InvalidError {
  return new InvalidError('argument-ambiguous', `"${text}" is both a revision and a path`, {
    hint: 'write -- between revisions and paths',
    details: { argument: text },
  })
}

/** The error for an operand that is neither, by what stands against it as a revision. */
export function neither(problem: JzfsError, text: string): JzfsError {
  if (problem.code !== 'revision-not-found' || /[:^~@]|\.\./.test(text)) return problem
  const { message, hint, details, code } = problem
  return new NotFoundError(code, `${message}, and no such path in the working tree`, {
    hint: `${hint ?? ''}; a path that is not there any more stands behind --`,
    details,
  })
}

function noSuchPath(text: string): InvalidError {
  return new InvalidError('path-missing', `there is no path "${text}" in the working tree`, {
    hint: 'revisions come first; write -- before paths that are not there any more',
    details: { path: text },
  })
}
