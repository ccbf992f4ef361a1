import { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import { shortenCid } from '../../model/cid-text.ts'
import { ConflictError, NotFoundError } from '../../model/errors.ts'
import { readRange } from '../history.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import type { TreeComparison } from '../history/visit.ts'
import { isAncestor, mergeBasesWithAny } from '../merge-base.ts'
import { type Bisect, termsOf } from './bisect-state.ts'
import { estimateSteps, findBisection } from './find-bisection.ts'
import { skipAway } from './skip-away.ts'

/** What a bisection wants next, or has found. */
export type BisectStep =
  /** A first bad and a good commit are not known yet. */
  | { kind: 'waiting'; hasBad: boolean; goodCount: number }
  /** `remaining`: commits that are left to test after this one. `warnings`: what cannot be known for a skipped merge base. */
  | { kind: 'test'; commit: CID; remaining: number; steps: number; isMergeBase: boolean; warnings: string[] }
  | { kind: 'found'; commit: CID; warnings: string[] }
  /** Only skipped commits are left: the first bad one is among these. */
  | { kind: 'only-skipped'; commits: CID[] }

/** Whether a step was found after good commits were compared with the bad one: that need not be done again. */
export function isCheckedBy(step: BisectStep): boolean {
  return step.kind !== 'waiting' && !(step.kind === 'test' && step.isMergeBase)
}

export interface NextStepOptions extends AbortOptions {
  comparison?: TreeComparison | undefined
}

/**
 * Finds the commit to test next, as git does: first the merge bases of good commits that are not in the history of the bad
 * one, then the commit that divides best what is between them.
 *
 * Throws ConflictError `bisect-merge-base-bad` (the bug was there before, and is gone in a good commit),
 * `bisect-not-ancestors` (good commits come after the bad one), `bisect-both` (a commit is good and bad) and NotFoundError `bisect-nothing-to-test` (no
 * commit of the range changes the paths).
 */
export async function nextStep(
  graph: CommitGraph,
  bisect: Bisect,
  { comparison, signal }: NextStepOptions = {},
): Promise<BisectStep> {
  const { bad, good, isFirstParent } = bisect
  if (bad === undefined || good.length === 0) {
    return { kind: 'waiting', hasBad: bad !== undefined, goodCount: good.length }
  }
  const bases: Awaited<ReturnType<typeof checkMergeBases>> = bisect.isChecked
    ? { kind: 'checked', warnings: [] }
    : await checkMergeBases(graph, bisect, bad, { signal })
  if (bases.kind === 'test') return bases
  const { warnings } = bases
  const range = await readRange(graph, { include: [bad], exclude: good, isFirstParent, comparison, signal })
  const skipped = new Set(bisect.skipped.map(String))
  const { count, candidates } = findBisection(range, { isWhole: skipped.size > 0, isFirstParent })
  if (count === 0) throw range.length === 0 ? goodAndBad(bad, bisect) : nothingToTest()
  const isSkipped = (id: string) => skipped.has(id)
  const chosen = skipAway(candidates, isSkipped, bad.toString())
  if (chosen === undefined || chosen.id === bad.toString()) {
    const tried = candidates.filter(({ id }) => isSkipped(id) && id !== bad.toString())
    if (tried.length === 0) return { kind: 'found', commit: bad, warnings }
    return { kind: 'only-skipped', commits: [...tried.map(({ id }) => CID.parse(id)), bad] }
  }
  const remaining = count - chosen.reaches - 1
  return {
    kind: 'test',
    commit: CID.parse(chosen.id),
    remaining,
    steps: estimateSteps(count),
    isMergeBase: false,
    warnings,
  }
}

/** Where a good commit is not in the history of the bad one, what both come from must be good. */
async function checkMergeBases(
  graph: CommitGraph,
  bisect: Bisect,
  bad: CID,
  options: AbortOptions,
): Promise<Extract<BisectStep, { kind: 'test' }> | { kind: 'checked'; warnings: string[] }> {
  const aside: CID[] = []
  for (const good of bisect.good) if (!(await isAncestor(graph, good, bad, options))) aside.push(good)
  if (aside.length === 0) return { kind: 'checked', warnings: [] }
  const has = (cids: readonly CID[], cid: CID) => cids.some((each) => each.equals(cid))
  const warnings: string[] = []
  for (const base of await mergeBasesWithAny(graph, bad, bisect.good, options)) {
    if (base.equals(bad)) throw badMergeBase(base, bisect, aside)
    if (has(bisect.good, base)) continue
    if (!has(bisect.skipped, base)) {
      return { kind: 'test', commit: base, remaining: 0, steps: 0, isMergeBase: true, warnings }
    }
    warnings.push(
      `the merge base ${shortenCid(base)} is skipped: the first ${termsOf(bisect).new} commit may be before it`,
    )
  }
  return { kind: 'checked', warnings }
}

function badMergeBase(base: CID, bisect: Bisect, aside: readonly CID[]): ConflictError {
  const terms = termsOf(bisect)
  const details = { commit: base.toString(), good: aside.map(String) }
  if (bisect.expected?.equals(base) === true) {
    return new ConflictError(
      'bisect-merge-base-bad',
      `the merge base ${shortenCid(base)} is ${terms.new}: what you look for came before it, and is gone in ${aside.map(shortenCid).join(', ')}`,
      {
        hint: `look for the commit that changed it back: \`jzfs bisect start --term-old=broken --term-new=fixed\``,
        details,
      },
    )
  }
  return new ConflictError(
    'bisect-not-ancestors',
    `${aside.map(shortenCid).join(', ')} is ${terms.old}, but comes after ${shortenCid(base)}, which is ${terms.new}`,
    { hint: `start again with \`jzfs bisect start\`: did you mix up ${terms.old} and ${terms.new}?`, details },
  )
}

function goodAndBad(bad: CID, bisect: Bisect): ConflictError {
  const terms = termsOf(bisect)
  return new ConflictError('bisect-both', `${shortenCid(bad)} is marked both ${terms.old} and ${terms.new}`, {
    hint: 'look at `jzfs bisect log`, and start again with `jzfs bisect start`',
    details: { commit: bad.toString() },
  })
}

function nothingToTest(): NotFoundError {
  return new NotFoundError('bisect-nothing-to-test', 'no commit between them changes the paths of this bisection', {
    hint: 'start again with other paths: `jzfs bisect start BAD GOOD -- PATH`',
  })
}
