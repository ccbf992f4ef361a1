import type { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished } from 'vitest'

import { createCommitGraph } from '../../../src/repo/history/commit-graph.ts'
import { mergeBasesWithAny } from '../../../src/repo/merge-base.ts'
import { independentCommits, octopusBases } from '../../../src/repo/merge-base/octopus.ts'
import { makeHistory, pairHistory, type PairedHistory } from '../../support/git-history.ts'
import { createRandom } from '../../support/random.ts'

describe.each([11, 12])('git agrees about several commits, seed %i:', (seed) => {
  it('with any of the others, with all of them, and which are independent', async () => {
    const pair = pairHistory(makeHistory({ commits: 60, seed, isSkewed: seed % 2 === 0 }))
    onTestFinished(() => pair[Symbol.dispose]())
    const graph = createCommitGraph(pair.source)
    const random = createRandom(seed)
    for (let round = 0; round < 25; round++) {
      const some = Array.from({ length: 2 + (round % 4) }, () => Math.floor(random() * 60))
      const [one, ...others] = some.map((at) => pair.cids[at] as CID) as [CID, ...CID[]]
      const hashes = some.map((at) => pair.hash(at))
      const git = (mode: string) => gitOrNothing(pair, 'merge-base', '--all', ...(mode === '' ? [] : [mode]), ...hashes)
      expect(
        positions(pair, await mergeBasesWithAny(graph, one, others)),
        `seed ${seed}, commits ${some.join(' ')}`,
      ).toEqual(git(''))
      expect(
        positions(pair, await octopusBases(graph, [one, ...others])),
        `seed ${seed}, commits ${some.join(' ')}`,
      ).toEqual(git('--octopus'))
      const independent = pair.git('merge-base', '--independent', ...hashes).toSorted()
      expect(
        positions(pair, await independentCommits(graph, [one, ...others])),
        `seed ${seed}, commits ${some.join(' ')}`,
      ).toEqual(independent)
    }
  })
})

function positions(pair: PairedHistory, cids: readonly CID[]): string[] {
  return cids.map((cid) => String(pair.positions.get(cid.toString()))).toSorted()
}

/** Git ends with status 1 where there is none. */
function gitOrNothing(pair: PairedHistory, ...args: string[]): string[] {
  try {
    return pair.git(...args).toSorted()
  } catch (error) {
    expect(error).toMatchObject({ status: 1 })
    return []
  }
}
