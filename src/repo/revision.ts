import type { CID } from 'multiformats/cid'

import { parseCidText } from '../model/cid-text.ts'
import { InvalidError, NotFoundError } from '../model/errors.ts'
import { nearestNames } from '../model/nearest.ts'
import { type CommitGraph, createCommitGraph } from './history/commit-graph.ts'
import { findRef, type FoundRef } from './revision/find-ref.ts'
import { peel } from './revision/object-type.ts'
import { findInReflog, findPreviousBranch } from './revision/reflog-lookup.ts'
import type { RevisionOptions, RevisionSource } from './revision/revision-source.ts'
import { followSteps } from './revision/revision-steps.ts'
import { parseRevision, type RevisionBase } from './revision/revision-syntax.ts'
import { findShortCid } from './revision/short-cid.ts'
import { findUpstreamRef } from './revision/upstream-lookup.ts'

/** What a revision names. */
export interface ResolvedRevision {
  cid: CID
  /** The ref that the whole text names (`HEAD`, `refs/heads/main`): none where the text goes on from it, or is a CID. */
  ref: string | undefined
  /** Full names of refs that the short name could have meant as well: worth a warning. */
  otherRefs: string[]
}

/**
 * Finds what a revision names: git's syntax (gitrevisions(7)), CIDs in any base or shortened, and paths of IPFS. What a
 * whole CID names need not be here.
 *
 * Throws InvalidError `revision-invalid`, `revision-ambiguous` (details: `candidates`), `revision-wrong-type`,
 * `cid-unsupported`; NotFoundError `revision-not-found` (the hint has the nearest names), `path-not-found`; and what the
 * store throws for blocks that are missing or corrupt; for `BRANCH@{upstream}` what `findUpstreamRef` throws.
 */
export async function resolveRevision(
  source: RevisionSource,
  text: string,
  options: RevisionOptions = {},
): Promise<ResolvedRevision> {
  const graph = options.graph ?? createCommitGraph(source.store)
  const { base, steps } = parseRevision(text)
  const start = await resolveBase(source, graph, base, text, options)
  const cid = await followSteps(source.store, graph, start.cid, steps, { ...options, text })
  return { cid, ref: steps.length === 0 ? start.name : undefined, otherRefs: start.others }
}

/** Finds the commit that a revision names, through tags. Throws as `resolveRevision`. */
export async function resolveCommit(source: RevisionSource, text: string, options: RevisionOptions = {}): Promise<CID> {
  return resolveTo(source, text, 'commit', options)
}

/** Finds the root directory of what a revision names: a commit's tree, or a directory itself. Throws as `resolveRevision`. */
export async function resolveTree(source: RevisionSource, text: string, options: RevisionOptions = {}): Promise<CID> {
  return resolveTo(source, text, 'tree', options)
}

async function resolveTo(source: RevisionSource, text: string, to: 'commit' | 'tree', options: RevisionOptions) {
  const graph = options.graph ?? createCommitGraph(source.store)
  const { cid } = await resolveRevision(source, text, { ...options, graph })
  return peel(source.store, graph, cid, to, options)
}

/** Where a revision starts: a ref, or only a CID. */
type Start = Omit<FoundRef, 'name'> & { name: string | undefined }

async function resolveBase(
  source: RevisionSource,
  graph: CommitGraph,
  base: RevisionBase,
  text: string,
  options: RevisionOptions,
): Promise<Start> {
  if (base.kind === 'name') return findName(source, graph, base.name, text, options)
  if (base.kind === 'upstream') return findUpstreamRef(source, base, text)
  if (base.kind === 'reflog') return only(await findInReflog(source, base, text, options))
  if (base.kind === 'index') return only(await findStaged(base.path, base.stage, text, options))
  if (base.kind === 'ipns') return only(await resolveName(base.name, text, options))
  const branch = await findPreviousBranch(source, base.nth, text)
  const isBranch = (await findRef(source, `refs/heads/${branch}`)) !== undefined
  return findName(source, graph, isBranch ? `refs/heads/${branch}` : branch, text, options)
}

function only(cid: CID): Start {
  return { cid, name: undefined, others: [] }
}

/** Git's order: a whole CID, a ref, the beginning of a CID, as it stands or at the end of a description. */
async function findName(
  source: RevisionSource,
  graph: CommitGraph,
  name: string,
  text: string,
  options: RevisionOptions,
): Promise<Start> {
  const cid = parseCidText(name)
  if (cid !== undefined) return only(cid)
  const ref = await findRef(source, name)
  if (ref !== undefined) {
    if (ref.others.length > 0) options.onAmbiguous?.(name, ref)
    return ref
  }
  const candidates = await findShortCid(source, graph, DESCRIPTION.exec(name)?.[1] ?? name, options)
  if (candidates.length > 1) throw ambiguous(name, candidates)
  if (candidates[0] !== undefined) return only(candidates[0])
  throw await nameNotFound(source, name, text)
}

/** What `jzfs describe` prints: `v1-3-gbaguqeera…`. */
const DESCRIPTION = /^.+-\d+-g(b[a-z2-7]+)$/s

async function findStaged(path: string, stage: number, text: string, options: RevisionOptions): Promise<CID> {
  const cid = await options.findStaged?.(path, stage)
  if (cid !== undefined) return cid
  throw new NotFoundError('path-not-found', `nothing is staged at ${JSON.stringify(path)}`, {
    hint: 'list what is staged with `jzfs ls-files --stage`',
    details: { revision: text, path },
  })
}

async function resolveName(name: string, text: string, options: RevisionOptions): Promise<CID> {
  if (options.resolveName !== undefined) return options.resolveName(name, { signal: options.signal })
  throw new InvalidError('revision-invalid', `${text} is a name of the network, and only what is here is looked up`, {
    hint: `find its commit with \`jzfs resolve ipns://${name}\``,
    details: { revision: text },
  })
}

function ambiguous(name: string, candidates: readonly CID[]): InvalidError {
  const texts = candidates.map(String)
  return new InvalidError(
    'revision-ambiguous',
    `${name} can mean ${texts.length} things: ${texts.slice(0, 5).join(', ')}`,
    {
      hint: 'give more characters of the one you mean',
      details: { revision: name, candidates: texts },
    },
  )
}

async function nameNotFound(source: RevisionSource, name: string, text: string): Promise<NotFoundError> {
  const details = { revision: text, name }
  if (name === 'HEAD' || name === '@') {
    return new NotFoundError('revision-not-found', 'HEAD names no commit yet: the branch is empty', {
      hint: 'make the first commit with `jzfs commit`',
      details,
    })
  }
  const names = (await source.refs.list()).map((ref) => ref.name.replace(/^refs\/(?:heads\/|tags\/|remotes\/)?/, ''))
  const nearest = nearestNames(name, ['HEAD', ...names])
  return new NotFoundError('revision-not-found', `there is no branch, tag or commit ${JSON.stringify(name)}`, {
    hint:
      nearest.length > 0 ? `did you mean ${nearest.join(' or ')}?` : 'list branches and tags with `jzfs for-each-ref`',
    details: { ...details, nearest },
  })
}
