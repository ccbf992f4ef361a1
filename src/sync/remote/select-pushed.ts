import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { InvalidError, JzfsError, NotFoundError } from '../../model/errors.ts'
import { createReachedCommits } from '../../repo/history/reached-commits.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import { findRemoteRef, mapRefspecs, unmapRef } from '../../repo/remote/map-refspecs.ts'
import { formatRefspec, parseRefspec, type Refspec } from '../../repo/remote/refspec.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { peelToCommit } from './peel-to-commit.ts'
import type { RemoteRefs } from './remote.ts'

/** What is pushed. */
export interface PushSelection {
  /** What to push where; `:TARGET` deletes, `:` alone is every branch that both sides have. */
  refspecs: readonly Refspec[]
  /** Whether annotated tags go along that are missing there and tag what is pushed. */
  followTags: boolean
  /** Whether refs there are deleted that patterns would write to, and that have no source here. */
  prune: boolean
}

/** One ref that is pushed. */
export interface SelectedPush {
  /** The ref here, in full, or the revision that was named; undefined for a deletion. */
  source: string | undefined
  /** The ref there, in full. */
  target: string
  after: CID | undefined
  /** Whether it may be set to what does not contain what it is (`+`). */
  force: boolean
}

/**
 * The refs that are pushed, by git's rules. Throws NotFoundError `push-source-missing` and `push-target-missing` (of a
 * deletion), InvalidError `push-source-ambiguous`, `push-target-needed` (details: `refspec`) and `push-target-twice`.
 */
export async function selectPushed(
  repository: Repository,
  listed: RemoteRefs,
  { refspecs, followTags, prune }: PushSelection,
  options: AbortOptions = {},
): Promise<SelectedPush[]> {
  const here = new Map((await repository.refs.list()).map(({ name, cid }) => [name, cid]))
  const there = listed.refs.map(({ name }) => name)
  const negatives = refspecs.filter(({ negative }) => negative)
  const selected: SelectedPush[] = []
  for (const refspec of refspecs) {
    if (refspec.negative) continue
    if (refspec.pattern) selected.push(...matchingPushes(withTarget(refspec), negatives, here))
    else if (refspec.source === '' && refspec.target === '') selected.push(...sharedBranches(refspec, here, there))
    else selected.push(await namedPush(repository, refspec, there))
  }
  if (prune) selected.push(...prunedPushes(refspecs, here, there))
  if (followTags) selected.push(...(await tagsOf(repository, selected, { here, there, ...options })))
  return distinct(selected)
}

function matchingPushes(refspec: Refspec, negatives: readonly Refspec[], here: Map<string, CID>): SelectedPush[] {
  return mapRefspecs([refspec, ...negatives], [...here.keys()]).flatMap(({ source, target, force }) => {
    return target === undefined ? [] : { source, target, after: here.get(source), force }
  })
}

function withTarget(refspec: Refspec): Refspec {
  return refspec.target === undefined ? { ...refspec, target: refspec.source } : refspec
}

function sharedBranches({ force }: Refspec, here: Map<string, CID>, there: readonly string[]): SelectedPush[] {
  return there.flatMap((name) => {
    const after = name.startsWith(BRANCHES) ? here.get(name) : undefined
    return after === undefined ? [] : { source: name, target: name, after, force }
  })
}

async function namedPush(repository: Repository, refspec: Refspec, there: readonly string[]): Promise<SelectedPush> {
  const { force, target } = refspec
  if (refspec.source === '') {
    const found = target === undefined ? undefined : findRemoteRef(target, there)
    if (found === undefined) throw targetMissing(target ?? '')
    return { source: undefined, target: found, after: undefined, force }
  }
  const { cid, ref, otherRefs } = await findSource(repository, refspec.source)
  if (otherRefs.length > 0) throw sourceAmbiguous(refspec.source, [ref ?? '', ...otherRefs])
  const full = ref === 'HEAD' ? await currentBranch(repository) : ref
  return { source: full ?? refspec.source, target: targetOf(refspec, full, there), after: cid, force }
}

async function findSource(repository: Repository, source: string): ReturnType<typeof resolveRevision> {
  try {
    return await resolveRevision(repository, source)
  } catch (error) {
    if (!(error instanceof JzfsError) || error.code !== 'revision-not-found') throw error
    throw new NotFoundError('push-source-missing', `src refspec ${source} does not match any`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      details: { source },
    })
  }
}

async function currentBranch({ refs }: Repository): Promise<string | undefined> {
  const head = await refs.head()
  return 'branch' in head ? head.branch : undefined
}

/** The full name of a target: as it is there, or else of the kind that the source is of. */
function targetOf(refspec: Refspec, source: string | undefined, there: readonly string[]): string {
  const { target } = refspec
  if (target === undefined) {
    if (source !== undefined) return source
    throw targetNeeded(refspec)
  }
  if (target.startsWith('refs/')) return target
  const found = findRemoteRef(target, there)
  if (found !== undefined) return found
  const kind = [BRANCHES, TAGS].find((prefix) => source?.startsWith(prefix))
  if (kind === undefined) throw targetNeeded(refspec)
  return kind + target
}

function prunedPushes(refspecs: readonly Refspec[], here: Map<string, CID>, there: readonly string[]): SelectedPush[] {
  const rules = refspecs.filter(({ pattern, negative }) => pattern || negative).map(withTarget)
  // `:` alone stands for all branches here too.
  const isShared = refspecs.some(({ source, target }) => source === '' && target === '')
  const patterns = isShared ? [...rules, parseRefspec('refs/heads/*:refs/heads/*', 'push')] : rules
  return there.flatMap((target) => {
    const source = unmapRef(patterns, target)
    if (source === undefined || here.has(source)) return []
    return { source: undefined, target, after: undefined, force: false }
  })
}

/** Annotated tags that are not there and tag a commit of what is pushed. */
async function tagsOf(
  { store }: Repository,
  selected: readonly SelectedPush[],
  { here, there, signal }: AbortOptions & { here: Map<string, CID>; there: readonly string[] },
): Promise<SelectedPush[]> {
  const taken = new Set([...there, ...selected.map(({ target }) => target)])
  const reached = createReachedCommits(
    store,
    selected.flatMap(({ after }) => after ?? []),
  )
  const tags: SelectedPush[] = []
  for (const [name, cid] of here) {
    if (!name.startsWith(TAGS) || taken.has(name)) continue
    const commit = await peelToCommit(store, cid, { signal })
    const isAnnotated = commit !== undefined && !commit.equals(cid)
    if (isAnnotated && (await reached.has(commit, { signal }))) {
      tags.push({ source: name, target: name, after: cid, force: false })
    }
  }
  return tags
}

function distinct(selected: readonly SelectedPush[]): SelectedPush[] {
  const byTarget = new Map<string, SelectedPush>()
  for (const each of selected) {
    const known = byTarget.get(each.target)
    if (known !== undefined && known.source !== each.source) throw targetTwice(each.target)
    byTarget.set(each.target, { ...each, force: each.force || known?.force === true })
  }
  return [...byTarget.values()]
}

function targetMissing(target: string): NotFoundError {
  return new NotFoundError('push-target-missing', `unable to delete '${target}': remote ref does not exist`, {
    hint: 'list what the remote has with `jzfs ls-remote`',
    details: { target },
  })
}

function sourceAmbiguous(source: string, candidates: readonly string[]): InvalidError {
  return new InvalidError('push-source-ambiguous', `src refspec ${source} matches more than one`, {
    hint: `write the full name: ${candidates.join(' or ')}`,
    details: { source, candidates },
  })
}

function targetNeeded(refspec: Refspec): InvalidError {
  const text = formatRefspec(refspec)
  return new InvalidError('push-target-needed', `${text} does not say which ref to push to`, {
    hint: `write the full name: ${refspec.source}:refs/heads/${refspec.target ?? 'NAME'}`,
    details: { refspec: text },
  })
}

function targetTwice(target: string): InvalidError {
  return new InvalidError('push-target-twice', `dst ref ${target} receives from more than one src`, {
    hint: 'push one of them, or each to a ref of its own',
    details: { target },
  })
}
