import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { BundleHead, BundleRoot } from '../../model/bundle/bundle-root.ts'
import { parseLinkText } from '../../model/cid-text.ts'
import { compareNames } from '../../model/compare.ts'
import { InvalidError } from '../../model/errors.ts'
import { walkHistory } from '../../repo/history.ts'
import { createCommitGraph } from '../../repo/history/commit-graph.ts'
import { BRANCHES } from '../../repo/refs/branch.ts'
import { TAGS } from '../../repo/refs/tag.ts'
import type { Repository } from '../../repo/repository.ts'
import { resolveRevisions, splitRange } from '../../repo/revision-range.ts'
import { resolveRevision } from '../../repo/revision.ts'
import { peelToCommit } from '../remote/peel-to-commit.ts'

/** What goes into a bundle. */
export interface BundleSelection {
  /** `main`, `A..main`, `^A`: what names a ref is a head, what is excluded must be there where the bundle is taken. */
  revisions: readonly string[]
  /** Where all refs are taken: `refs/heads/`, `refs/tags/`. */
  prefixes: readonly string[]
}

/**
 * Finds the heads of a bundle and what it builds on: the commits at the edge of what is left out. A head that is left out
 * itself is none. Throws InvalidError `bundle-empty`, `bundle-ref-needed` (details: `revision`), and what
 * `resolveRevisions` throws.
 */
export async function selectBundle(
  repository: Repository,
  { revisions, prefixes }: BundleSelection,
  options: AbortOptions = {},
): Promise<BundleRoot> {
  const { refs, store } = repository
  const graph = createCommitGraph(store)
  const heads = new Map<string, CID>()
  for (const prefix of prefixes) for (const { name, cid } of await refs.list(prefix)) heads.set(name, cid)
  for (const text of revisions.flatMap(headsOf)) {
    const { ref, cid } = await namedHead(repository, text)
    heads.set(ref, cid)
  }
  const { exclude } = await resolveRevisions(repository, revisions, { ...options, graph })
  const tips = new Map<string, CID>()
  for (const [ref, cid] of heads) {
    const commit = await peelToCommit(store, cid, options)
    if (commit !== undefined) tips.set(ref, commit)
  }
  const taken = new Set<string>()
  const parents = new Set<string>()
  for await (const commit of walkHistory(graph, { include: [...tips.values()], exclude, ...options })) {
    taken.add(commit.id)
    for (const parent of commit.parents) parents.add(parent)
  }
  const kept: BundleHead[] = []
  for (const [ref, cid] of heads) {
    const commit = tips.get(ref)
    // A tag of a tree has no history that could be left out.
    if (commit === undefined || taken.has(commit.toString())) kept.push({ ref, cid })
  }
  if (kept.length === 0) throw empty()
  const prerequisites = [...parents.difference(taken)].toSorted(compareNames).map(parseLinkText)
  kept.sort((a, b) => compareNames(a.ref, b.ref))
  const head = await headOf(repository, kept)
  return { ...(head === undefined ? {} : { head }), heads: kept, prerequisites }
}

/** The parts of an argument that name what is in the bundle. */
function headsOf(text: string): string[] {
  if (text.startsWith('^')) return []
  const range = splitRange(text)
  if (range === undefined) return [text]
  return range.isSymmetric ? [range.left, range.right] : [range.right]
}

async function namedHead(repository: Repository, text: string): Promise<BundleHead> {
  const { ref, cid } = await resolveRevision(repository, text)
  const head = await repository.refs.head()
  const full = ref === 'HEAD' && 'branch' in head ? head.branch : ref
  if (full?.startsWith(BRANCHES) || full?.startsWith(TAGS)) return { ref: full, cid }
  throw new InvalidError('bundle-ref-needed', `${text} names neither a branch nor a tag`, {
    hint: 'a bundle has refs: make a branch or a tag there first',
    details: { revision: text },
  })
}

/** The branch that a clone checks out: that of HEAD, else the first. */
async function headOf({ refs }: Repository, heads: readonly BundleHead[]): Promise<string | undefined> {
  const head = await refs.head()
  const branches = heads.filter(({ ref }) => ref.startsWith(BRANCHES))
  const current = branches.find(({ ref }) => 'branch' in head && head.branch === ref)
  return (current ?? branches[0])?.ref
}

function empty(): InvalidError {
  return new InvalidError('bundle-empty', 'there is nothing to put into the bundle', {
    hint: 'name branches or tags with commits that are not left out, or give --all',
  })
}
