import fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'

import { encodeCommit } from '../../../src/model/commit/commit.ts'
import { createCommitGraph } from '../../../src/repo/history/commit-graph.ts'
import { createLocalPeer } from '../../../src/sync/local-peer.ts'
import { negotiateHaves, type NegotiateOptions } from '../../../src/sync/negotiate/negotiate-haves.ts'
import type { Peer } from '../../../src/sync/peer.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { buildTree } from '../../support/memory-tree.ts'
import { offerAll } from '../../support/offer.ts'
import { ANN } from '../../support/repository.ts'

/** A history by the positions of parents, each before its children. */
class History {
  readonly blocks = new MemoryBlocks()
  readonly cids: CID[] = []
  readonly #tree = buildTree(this.blocks, {})
  readonly #parents: number[][] = []

  add(parents: number[], seconds = this.cids.length): number {
    const date = new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString().replace('.000Z', '+00:00')
    const person = { ...ANN, date }
    const links = parents.map((at) => this.cids[at]!)
    const commit = {
      tree: this.#tree,
      parents: links,
      author: person,
      committer: person,
      message: `${this.cids.length}`,
    }
    const block = encodeCommit(commit)
    this.blocks.put(block)
    this.#parents.push(parents)
    return this.cids.push(block.cid) - 1
  }

  reach(roots: Iterable<number>): Set<number> {
    const reached = new Set<number>()
    const waiting = [...roots]
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (reached.has(at)) continue
      reached.add(at)
      waiting.push(...this.#parents[at]!)
    }
    return reached
  }

  positions(cids: CID[]): number[] {
    return cids.map((cid) => this.cids.findIndex((each) => each.equals(cid)))
  }
}

/** A peer that has these commits, and counts the questions. */
function peerWith(history: History, has: ReadonlySet<number>): Peer & { questions: number } {
  const known = new Set([...has].map((at) => history.cids[at]!.toString()))
  const offer = { ...offerAll(history.blocks), mayServe: (cid: CID) => known.has(cid.toString()) }
  const peer = createLocalPeer({ label: 'peer X', record: async () => undefined, offer: () => offer })
  return {
    ...peer,
    questions: 0,
    openSync(options) {
      this.questions++
      return peer.openSync!(options)
    },
  }
}

async function negotiate(
  history: History,
  { ours, theirs, listed }: { ours: number[]; theirs: number[]; listed: number[] },
  options: Partial<NegotiateOptions> = {},
) {
  const peer = peerWith(history, history.reach(theirs))
  const own = history.reach(ours)
  const held = new Set([...own].map((at) => history.cids[at]!.toString()))
  // Our store has what we reach and no more.
  const source = {
    get: async (cid: CID) => {
      if (!held.has(cid.toString())) throw new Error('not here')
      return history.blocks.get(cid)
    },
  }
  const at = (positions: number[]) => positions.map((each) => history.cids[each]!)
  const haves = await negotiateHaves(createCommitGraph(source), {
    tips: at(ours),
    listed: at(listed),
    peer,
    ...options,
  })
  return { haves: history.positions(haves), questions: peer.questions }
}

const shape = fc.record({
  parents: fc.array(fc.array(fc.nat(6), { maxLength: 3 }), { minLength: 2, maxLength: 60 }),
  skews: fc.array(fc.nat(20), { minLength: 60, maxLength: 60 }),
  ours: fc.array(fc.nat(59), { minLength: 1, maxLength: 4 }),
  theirs: fc.array(fc.nat(59), { minLength: 1, maxLength: 4 }),
  listed: fc.nat(4),
  firstCommits: fc.constantFrom(1, 4, 64),
})

describe('negotiating', () => {
  it('finds all that both sides have, on any history', async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ parents, skews, firstCommits, ...rest }) => {
        const history = new History()
        for (const [at, back] of parents.entries()) {
          const links = new Set(back.map((steps) => at - 1 - steps).filter((each) => each >= 0))
          history.add([...links], at - (skews[at] ?? 0))
        }
        const within = (positions: number[]) => [...new Set(positions.map((at) => at % parents.length))]
        const [ours, theirs] = [within(rest.ours), within(rest.theirs)]
        const own = history.reach(ours)
        // A peer of which all refs are here has nothing else that is.
        const listed = theirs.every((at) => own.has(at)) ? theirs : theirs.slice(0, rest.listed)
        const both = [...history.reach(theirs)].filter((at) => own.has(at))
        const options = { ours, theirs, listed: [...listed, ...theirs.filter((at) => !own.has(at))] }
        const { haves, questions } = await negotiate(history, options, { firstCommits })
        expect([...history.reach(haves)].sort((a, b) => a - b)).toEqual(both.sort((a, b) => a - b))
        expect(questions).toBeLessThanOrEqual(3)
      }),
      { numRuns: 150 },
    )
  })

  it('asks nothing where the refs of the peer are all here', async () => {
    const history = new History()
    for (let at = 0; at < 50; at++) history.add(at === 0 ? [] : [at - 1])
    expect(await negotiate(history, { ours: [49], theirs: [40], listed: [40] })).toEqual({ haves: [40], questions: 0 })
  })

  it('asks once where the peer went on from what is here', async () => {
    const history = new History()
    for (let at = 0; at < 1000; at++) history.add(at === 0 ? [] : [at - 1])
    const result = await negotiate(history, { ours: [900], theirs: [999], listed: [999] })
    expect(result).toEqual({ haves: [900], questions: 1 })
  })

  it('asks at most three times on a history of 12,000 commits, wherever the two parted', async () => {
    const history = new History()
    for (let at = 0; at < 12_000; at++) history.add(at === 0 ? [] : [at - 1])
    for (const parted of [3, 5_000]) {
      const theirs = history.add([parted], 20_000)
      const result = await negotiate(history, { ours: [11_999], theirs: [theirs], listed: [theirs] })
      expect(result.haves).toEqual([parted])
      expect(result.questions).toBeLessThanOrEqual(3)
    }
  })

  it('finds nothing where nothing is common, and asks no more than it must', async () => {
    const history = new History()
    for (let at = 0; at < 2000; at++) history.add(at === 0 ? [] : [at - 1])
    const theirs = history.add([])
    const result = await negotiate(history, { ours: [1999], theirs: [theirs], listed: [theirs] })
    expect(result.haves).toEqual([])
    expect(result.questions).toBeLessThanOrEqual(3)
  })
})
