import { CID } from 'multiformats/cid'

import { NotFoundError } from '../model/errors.ts'
import { createCommitGraph } from './history/commit-graph.ts'
import { mergeBases } from './merge-base.ts'
import { resolveCommit } from './revision.ts'
import type { RevisionOptions, RevisionSource } from './revision/revision-source.ts'

/** Commits to walk from, and commits to leave out with all they reach. */
export interface RevisionSet {
  include: CID[]
  exclude: CID[]
  /** Those of `include` that are the left sides of `a...b`; undefined where there was none. */
  left?: CID[]
}

/** Two revisions with `..` or `...` between them; an empty side is HEAD. */
export interface RangeSyntax {
  left: string
  right: string
  isSymmetric: boolean
}

/**
 * Takes `a..b` and `a...b` apart; undefined for what is no range. Dots in a path (`rev:a..b`, `/ipfs/CID/a..b`) make
 * none.
 */
export function splitRange(text: string): RangeSyntax | undefined {
  const scheme = /^(?:\/ip[fn]s\/|ip[fn]s:\/\/)/.exec(text)?.[0] ?? ''
  // Behind a colon there is a path, and behind a slash too where the name is one of IPFS; in a branch's it is not.
  const plain = text.slice(scheme.length).replaceAll(/@\{[^}]*\}/g, (braces) => '_'.repeat(braces.length))
  const beforePath = plain.split(scheme === '' ? ':' : /[:/]/, 1)[0] as string
  const at = beforePath.indexOf('..')
  if (at === -1 || text === '..' || text === '...') return undefined
  const left = text.slice(0, scheme.length + at)
  const isSymmetric = text.startsWith('...', left.length)
  const right = text.slice(left.length + (isSymmetric ? 3 : 2))
  return { left: left === '' ? 'HEAD' : left, right: right === '' ? 'HEAD' : right, isSymmetric }
}

/**
 * Finds the commits that revisions on a command line mean together, as `git rev-list` takes them: `a`, `^a`, `a..b`,
 * `a...b`, `a^@` (its parents), `a^!` (without its parents), `a^-` and `a^-2` (without that parent). Throws as
 * `resolveRevision`.
 */
export async function resolveRevisions(
  source: RevisionSource,
  texts: readonly string[],
  options: RevisionOptions = {},
): Promise<RevisionSet> {
  const withGraph = { ...options, graph: options.graph ?? createCommitGraph(source.store) }
  const set: RevisionSet = { include: [], exclude: [] }
  for (const text of texts) {
    const isExclusion = text.startsWith('^')
    const { include, exclude, left } = await resolveOne(source, isExclusion ? text.slice(1) : text, withGraph)
    if (left !== undefined) set.left = [...(set.left ?? []), ...left]
    set.include.push(...(isExclusion ? exclude : include))
    set.exclude.push(...(isExclusion ? include : exclude))
  }
  return set
}

type WithGraph = RevisionOptions & Required<Pick<RevisionOptions, 'graph'>>

async function resolveOne(source: RevisionSource, text: string, options: WithGraph): Promise<RevisionSet> {
  const range = splitRange(text)
  if (range !== undefined) return resolveRange(source, range, options)
  const parents = /^(.*)\^(@|!|-(\d{0,9}))$/s.exec(text)
  if (parents === null) return { include: [await resolveCommit(source, text, options)], exclude: [] }
  const [, revision, mark, nth] = parents as unknown as [string, string, string, string | undefined]
  return resolveWithParents(
    source,
    revision,
    mark === '@' || mark === '!' ? mark : Number(nth === '' ? 1 : nth),
    options,
  )
}

async function resolveRange(source: RevisionSource, range: RangeSyntax, options: WithGraph): Promise<RevisionSet> {
  const left = await resolveCommit(source, range.left, options)
  const right = await resolveCommit(source, range.right, options)
  if (!range.isSymmetric) return { include: [right], exclude: [left] }
  return { include: [left, right], exclude: await mergeBases(options.graph, left, right, options), left: [left] }
}

async function resolveWithParents(
  source: RevisionSource,
  text: string,
  mark: '@' | '!' | number,
  options: WithGraph,
): Promise<RevisionSet> {
  const commit = await resolveCommit(source, text, options)
  const parents = (await options.graph.load(commit.toString(), options)).parents.map((id) => CID.parse(id))
  if (mark === '@') return { include: parents, exclude: [] }
  if (mark === '!') return { include: [commit], exclude: parents }
  const parent = parents[mark - 1]
  if (parent !== undefined) return { include: [commit], exclude: [parent] }
  throw new NotFoundError('revision-not-found', `${text} has no parent ${mark}`, {
    hint: 'look at the history with `jzfs log --graph`',
    details: { revision: text },
  })
}
