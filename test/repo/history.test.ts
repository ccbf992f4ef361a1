import type { CID } from 'multiformats/cid'
import { afterAll, describe, expect, test } from 'vitest'

import { type HistoryOptions, walkHistory } from '../../src/repo/history.ts'
import { createCommitGraph } from '../../src/repo/history/commit-graph.ts'
import { aheadBehind, isAncestor, mergeBases } from '../../src/repo/merge-base.ts'
import { makeHistory, pairHistory, type PairedHistory } from '../support/git-history.ts'
import { createRandom } from '../support/random.ts'

const histories = [1, 2, 3].map((seed) => {
  const shape = { commits: 80, seed, isSkewed: seed % 2 === 0 }
  return { label: JSON.stringify(shape), pair: pairHistory(makeHistory(shape)) }
})
afterAll(() => {
  for (const { pair } of histories) pair[Symbol.dispose]()
})

/** Positions of the commits of a walk, with parents where asked. */
async function walk(pair: PairedHistory, options: HistoryOptions): Promise<string[]> {
  const lines: string[] = []
  for await (const commit of walkHistory(createCommitGraph(pair.source), options)) {
    const ids = options.rewritesParents === true ? [commit.id, ...commit.parents] : [commit.id]
    lines.push(ids.map((id) => pair.positions.get(id)).join(' '))
  }
  return lines
}

const cid = (pair: PairedHistory, position: number) => pair.cids[position] as CID

/** Pairs of commits to start from and to exclude: neighbours, far ones, both ways round. */
function ends(pair: PairedHistory, seed: number): [number, number][] {
  const random = createRandom(seed)
  const any = () => Math.floor(random() * pair.cids.length)
  return [[79, 0], [79, 40], [40, 79], ...Array.from({ length: 8 }, (): [number, number] => [any(), any()])]
}

describe.each(histories)('git agrees on $label:', ({ pair }) => {
  const orders = [
    ['', {}],
    ['--topo-order', { order: 'topological' }],
    ['--first-parent', { isFirstParent: true }],
    ['--topo-order --first-parent', { order: 'topological', isFirstParent: true }],
    ['--skip=3 --max-count=7', { skip: 3, maxCount: 7 }],
  ] as const

  test.each(orders)('all that a commit reaches %s', async (flags, options) => {
    for (const [tip] of ends(pair, 1)) {
      const git = pair.git('rev-list', ...flags.split(' ').filter(Boolean), pair.hash(tip))
      expect(await walk(pair, { include: [cid(pair, tip)], ...options })).toEqual(git)
    }
  })

  test.each(orders)('ranges %s', async (flags, options) => {
    for (const [tip, bottom] of ends(pair, 2)) {
      const git = pair.git('rev-list', ...flags.split(' ').filter(Boolean), `${pair.hash(bottom)}..${pair.hash(tip)}`)
      expect(await walk(pair, { include: [cid(pair, tip)], exclude: [cid(pair, bottom)], ...options })).toEqual(git)
    }
  })

  test.each(orders)('several tips and exclusions %s', async (flags, options) => {
    const random = createRandom(3)
    const some = () => Array.from({ length: 3 }, () => Math.floor(random() * pair.cids.length))
    for (let round = 0; round < 6; round++) {
      const [tips, bottoms] = [some(), some()]
      const revisions = [...bottoms.map((each) => `^${pair.hash(each)}`), ...tips.map((each) => pair.hash(each))]
      const git = pair.git('rev-list', ...flags.split(' ').filter(Boolean), ...revisions)
      const include = tips.map((each) => cid(pair, each))
      expect(await walk(pair, { include, exclude: bottoms.map((each) => cid(pair, each)), ...options })).toEqual(git)
    }
  })

  const selections: [string, Partial<HistoryOptions>][] = [
    ['--date-order', { order: 'committer-date' }],
    ['--author-date-order', { order: 'author-date' }],
    ['--full-history', { isFullHistory: true }],
    ['--full-history --topo-order --parents', { isFullHistory: true, order: 'topological', rewritesParents: true }],
    ['--merges', { minParents: 2 }],
    ['--no-merges --topo-order', { maxParents: 1, order: 'topological' }],
    ['--max-parents=0', { maxParents: 0 }],
    ['--since=@1600003000', { since: 1_600_003_000 }],
    ['--until=@1600003000', { until: 1_600_003_000 }],
    [
      '--since=@1600001000 --until=@1600020000 --topo-order',
      { since: 1_600_001_000, until: 1_600_020_000, order: 'topological' },
    ],
  ]

  test.each(selections)('chosen by %s', async (flags, options) => {
    for (const [at, [tip, bottom]] of ends(pair, 6).slice(0, 6).entries()) {
      const paths = at % 2 === 0 || flags.includes('full') ? [['d'], ['a'], ['e', 'b']][at % 3] : undefined
      const range = at % 3 === 2 ? `${pair.hash(bottom)}..${pair.hash(tip)}` : pair.hash(tip)
      const git = pair.git('rev-list', ...flags.split(' '), range, ...(paths === undefined ? [] : ['--', ...paths]))
      const exclude = at % 3 === 2 ? [cid(pair, bottom)] : []
      const comparison = paths && pair.compare(paths)
      const chosen = { include: [cid(pair, tip)], exclude, comparison, ...options }
      expect(await walk(pair, chosen), `${tip} ${bottom} ${paths?.join()}`).toEqual(git)
    }
  })

  test('sides of a...b', async () => {
    for (const [left, right] of ends(pair, 7).slice(0, 10)) {
      const git = pair.git('rev-list', '--left-right', `${pair.hash(left)}...${pair.hash(right)}`)
      const graph = createCommitGraph(pair.source)
      const [one, other] = [cid(pair, left), cid(pair, right)]
      const exclude = await mergeBases(graph, one, other)
      const lines: string[] = []
      for await (const { id, side } of walkHistory(graph, { include: [one, other], exclude, left: [one] })) {
        lines.push(`${side === 'left' ? '<' : '>'}${pair.positions.get(id)}`)
      }
      expect(lines).toEqual(git)
    }
  })

  test.each(orders)('paths %s', async (flags, options) => {
    for (const [at, [tip, bottom]] of ends(pair, 4).entries()) {
      const paths = [['a'], ['d'], ['d/x'], ['e'], ['a', 'e/f'], ['none']][at % 6] as string[]
      const hasRange = at % 3 === 0
      const revisions = hasRange ? [`${pair.hash(bottom)}..${pair.hash(tip)}`] : [pair.hash(tip)]
      const git = pair.git('rev-list', ...flags.split(' ').filter(Boolean), ...revisions, '--', ...paths)
      const exclude = hasRange ? [cid(pair, bottom)] : []
      const comparison = pair.compare(paths)
      expect(await walk(pair, { include: [cid(pair, tip)], exclude, comparison, ...options })).toEqual(git)
    }
  })

  test('rewritten parents', async () => {
    for (const [at, [tip, bottom]] of ends(pair, 5).entries()) {
      const paths = [['a'], ['d'], ['d/x'], ['e']][at % 4] as string[]
      const revisions = at % 2 === 0 ? [pair.hash(tip)] : [`${pair.hash(bottom)}..${pair.hash(tip)}`]
      const git = pair.git('rev-list', '--topo-order', '--parents', ...revisions, '--', ...paths)
      const exclude = at % 2 === 0 ? [] : [cid(pair, bottom)]
      const options = { include: [cid(pair, tip)], exclude, comparison: pair.compare(paths), rewritesParents: true }
      expect(await walk(pair, { ...options, order: 'topological' })).toEqual(git)
    }
  })

  test('merge bases, ancestors, ahead and behind', async () => {
    const graph = createCommitGraph(pair.source)
    for (const [one, other] of [...ends(pair, 6), ...ends(pair, 7), [5, 5] as [number, number]]) {
      const bases = await mergeBases(graph, cid(pair, one), cid(pair, other))
      const positions = bases.map((base) => pair.positions.get(base.toString()) as number)
      const git = gitOrNothing(pair, 'merge-base', '--all', pair.hash(one), pair.hash(other))
      expect(positions.map(String).toSorted()).toEqual(git.toSorted())
      const seconds = positions.map((position) => pair.made[position]?.seconds as number)
      expect(seconds).toEqual(seconds.toSorted((a, b) => b - a))
      expect(await isAncestor(graph, cid(pair, one), cid(pair, other))).toBe(git.length === 1 && git[0] === String(one))
      const { ahead, behind } = await aheadBehind(graph, cid(pair, one), cid(pair, other))
      const counts = pair.git('rev-list', '--left-right', '--count', `${pair.hash(one)}...${pair.hash(other)}`)
      expect(`${ahead}\t${behind}`).toBe(counts[0])
    }
  })
})

/** Git ends with status 1 where there is no merge base. */
function gitOrNothing(pair: PairedHistory, ...args: string[]): string[] {
  try {
    return pair.git(...args)
  } catch (error) {
    expect(error).toMatchObject({ status: 1 })
    return []
  }
}

describe('reading', () => {
  const { pair } = histories[0] as (typeof histories)[0]

  test('the first commit comes before the rest is read', async () => {
    let reads = 0
    const graph = createCommitGraph({ get: (cid, options) => (reads++, pair.source.get(cid, options)) })
    for await (const commit of walkHistory(graph, { include: [cid(pair, 79)] })) {
      expect(pair.positions.get(commit.id)).toBe(79)
      break
    }
    expect(reads).toBeLessThan(6)
  })

  test('no commit is read twice', async () => {
    const reads: string[] = []
    const graph = createCommitGraph({
      get: (cid, options) => (reads.push(cid.toString()), pair.source.get(cid, options)),
    })
    const options: HistoryOptions = { include: [cid(pair, 79)], exclude: [cid(pair, 40)], order: 'topological' }
    for (let round = 0; round < 2; round++) for await (const _ of walkHistory(graph, options)) void _
    expect(new Set(reads).size).toBe(reads.length)
  })

  test('a missing commit is an error where it is wanted, and none where it is excluded', async () => {
    const graph = createCommitGraph({
      get: async (each, options) => {
        if (pair.positions.get(each.toString()) === 0)
          return (await import('../support/git-history.ts')).memorySource(new Map()).get(each)
        return pair.source.get(each, options)
      },
    })
    await expect(Array.fromAsync(walkHistory(graph, { include: [cid(pair, 79)] }))).rejects.toMatchObject({
      code: 'block-missing',
    })
    await expect(
      Array.fromAsync(walkHistory(graph, { include: [cid(pair, 3)], exclude: [cid(pair, 3)] })),
    ).resolves.toEqual([])
  })

  test('a walk stops when it is told to', async () => {
    const graph = createCommitGraph(pair.source)
    const options = { include: [cid(pair, 79)], signal: AbortSignal.abort() }
    await expect(Array.fromAsync(walkHistory(graph, options))).rejects.toMatchObject({ name: 'AbortError' })
  })
})
