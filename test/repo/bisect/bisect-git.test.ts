import type { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished } from 'vitest'

import type { Bisect } from '../../../src/repo/bisect/bisect-state.ts'
import { estimateSteps, findBisection } from '../../../src/repo/bisect/find-bisection.ts'
import { type BisectStep, isCheckedBy, nextStep } from '../../../src/repo/bisect/next-step.ts'
import { readRange } from '../../../src/repo/history.ts'
import { createCommitGraph } from '../../../src/repo/history/commit-graph.ts'
import { isAncestor } from '../../../src/repo/merge-base.ts'
import { makeHistory, pairHistory, type PairedHistory } from '../../support/git-history.ts'
import { createRandom } from '../../support/random.ts'

const NEW: Bisect = {
  start: 'main',
  terms: undefined,
  paths: [],
  directory: '',
  isFirstParent: false,
  isDetached: true,
  log: [],
  expected: undefined,
  isChecked: false,
  bad: undefined,
  good: [],
  skipped: [],
}

const made = (seed: number, commits = 80) => {
  const pair = pairHistory(makeHistory({ commits, seed, isSkewed: seed % 2 === 0 }))
  onTestFinished(() => pair[Symbol.dispose]())
  return pair
}

describe.each([21, 22])('git agrees, seed %i:', (seed) => {
  it('which commit halves a range', async () => {
    const pair = made(seed)
    const graph = createCommitGraph(pair.source)
    const random = createRandom(seed)
    const any = () => Math.floor(random() * 80)
    for (let round = 0; round < 20; round++) {
      const [bad, good] = [40 + Math.floor(any() / 2), [any(), any()].slice(0, 1 + (round % 2))]
      const paths = [[], ['a'], ['d'], ['e', 'b']][round % 4] as string[]
      const isFirstParent = round % 5 === 4
      const range = await readRange(graph, {
        include: [pair.cids[bad] as CID],
        exclude: good.map((each) => pair.cids[each] as CID),
        comparison: paths.length === 0 ? undefined : pair.compare(paths),
        isFirstParent,
      })
      const { count, candidates } = findBisection(range, { isWhole: false, isFirstParent })
      const reaches = candidates[0]?.reaches ?? 0
      const ours = {
        rev: candidates.map(({ id }) => String(pair.positions.get(id))).join(''),
        all: count,
        nr: count === 0 ? -1 : Math.max(count - reaches, reaches) - 1,
        steps: estimateSteps(count),
      }
      const revisions = [pair.hash(bad), ...good.map((each) => `^${pair.hash(each)}`)]
      const flags = ['--bisect-vars', ...(isFirstParent ? ['--first-parent'] : [])]
      if (range.length === 0) {
        expect(() => pair.git('rev-list', ...flags, ...revisions)).toThrow('Command failed')
        continue
      }
      const vars = varsOf(pair.git('rev-list', ...flags, ...revisions, '--', ...paths))
      const theirs = {
        // Of nothing to test git names the oldest.
        rev: count === 0 ? '' : vars['rev'],
        all: Number(vars['all']),
        nr: Number(vars['nr']),
        steps: Number(vars['steps']),
      }
      expect(ours, `seed ${seed}, ${bad} not ${good.join(' ')} -- ${paths.join(' ')}`).toEqual(theirs)
    }
  })

  it('which commits are tested until the first bad one is found', async () => {
    const pair = made(seed, 50)
    const graph = createCommitGraph(pair.source)
    const random = createRandom(seed)
    for (let round = 0; round < 2; round++) {
      const tip = 40 + Math.floor(random() * 10)
      const culprit = pair.cids[10 + Math.floor(random() * 30)] as CID
      if (!(await isAncestor(graph, culprit, pair.cids[tip] as CID))) continue
      const isBad = (commit: CID) => isAncestor(graph, culprit, commit)
      const good = await goodCommits(pair, isBad, tip)
      if (good.length === 0) continue
      const ours = await bisect(pair, { ...NEW, bad: pair.cids[tip], good }, isBad)
      const theirs = await gitBisect(pair, tip, good, isBad)
      expect(ours, `seed ${seed}, culprit ${pair.positions.get(culprit.toString())}`).toEqual(theirs)
      expect(ours.at(-1)).toBe(pair.positions.get(culprit.toString()))
    }
  })
})

function varsOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(lines.map((line) => /^bisect_(\w+)='?(-?\w*)'?$/.exec(line)?.slice(1) as [string, string]))
}

/** One or two commits that do not have the culprit, not all of them before the tip. */
async function goodCommits(pair: PairedHistory, isBad: (commit: CID) => Promise<boolean>, tip: number): Promise<CID[]> {
  const good: CID[] = []
  for (let at = tip - 1; at >= 0 && good.length < 2; at -= 7) {
    const cid = pair.cids[at] as CID
    if (!(await isBad(cid))) good.push(cid)
  }
  return good
}

/** The positions of the commits that were tested, and of the one that was found. */
async function bisect(
  pair: PairedHistory,
  start: Bisect,
  isBad: (commit: CID) => Promise<boolean>,
  isSkipped: (position: number) => boolean = () => false,
): Promise<number[]> {
  const graph = createCommitGraph(pair.source)
  const tested: number[] = []
  const state = { ...start }
  for (;;) {
    const step: BisectStep = await nextStep(graph, state)
    if (step.kind === 'waiting') throw new Error('it is waiting')
    if (step.kind === 'only-skipped') return [...tested, ...step.commits.map((cid) => positionOf(pair, cid))]
    state.isChecked = isCheckedBy(step)
    const position = positionOf(pair, step.commit)
    tested.push(position)
    if (step.kind === 'found') return tested
    if (isSkipped(position)) state.skipped = [...state.skipped, step.commit]
    else if (await isBad(step.commit)) state.bad = step.commit
    else state.good = [...state.good, step.commit]
  }
}

async function gitBisect(
  pair: PairedHistory,
  tip: number,
  good: readonly CID[],
  isBad: (commit: CID) => Promise<boolean>,
): Promise<number[]> {
  const tested: number[] = []
  pair.git('symbolic-ref', 'HEAD', `refs/heads/c${tip}`)
  let output = pair.git(
    'bisect',
    'start',
    '--no-checkout',
    pair.hash(tip),
    ...good.map((cid) => pair.hash(positionOf(pair, cid))),
  )
  for (;;) {
    const found = output.map((line) => /^(\d+) is the first bad commit/.exec(line)?.[1]).find(Boolean)
    if (found !== undefined) {
      pair.git('bisect', 'reset')
      return [...tested, Number(found)]
    }
    const position = Number(output.map((line) => /^\[(\d+)\]/.exec(line)?.[1]).find(Boolean))
    tested.push(position)
    output = pair.git('bisect', (await isBad(pair.cids[position] as CID)) ? 'bad' : 'good')
  }
}

function positionOf(pair: PairedHistory, cid: CID): number {
  return pair.positions.get(cid.toString()) as number
}

it('commits that are skipped: the culprit is found, or is among those that are named', async () => {
  for (const seed of [31, 32, 33]) {
    const pair = made(seed)
    const graph = createCommitGraph(pair.source)
    const random = createRandom(seed)
    for (let round = 0; round < 10; round++) {
      const culprit = pair.cids[20 + Math.floor(random() * 50)] as CID
      const isBad = (commit: CID) => isAncestor(graph, culprit, commit)
      if (!(await isBad(pair.cids[79] as CID)) || (await isBad(pair.cids[0] as CID))) continue
      const skips = new Set(Array.from({ length: 20 }, () => 1 + Math.floor(random() * 78)))
      const start = { ...NEW, bad: pair.cids[79], good: [pair.cids[0] as CID] }
      const tested = await bisect(pair, start, isBad, (position) => skips.has(position))
      expect(tested, `seed ${seed}, round ${round}`).toContain(positionOf(pair, culprit))
    }
  }
})
