import { describe, expect, it } from 'vitest'

import { createGraphDrawing } from '../../../src/cli/history/graph-drawing.ts'
import { walkHistory } from '../../../src/repo/history.ts'
import { createCommitGraph } from '../../../src/repo/history/commit-graph.ts'
import { makeHistory, type MadeCommit, type PairedHistory, pairHistory } from '../../support/git-history.ts'

/** The drawing of all of a history, each commit with so many lines of text that begin with its position. */
async function draw(history: PairedHistory, { lines = 1, gap = false, paths = [] as string[] } = {}) {
  const graph = createCommitGraph(history.source)
  const commits = await Array.fromAsync(
    walkHistory(graph, {
      // As git starts: ref by ref, in the order of their names.
      include: history.cids
        .map((cid, at) => ({ cid, name: `c${at}` }))
        .toSorted(byName)
        .map(({ cid }) => cid),
      order: 'topological',
      ...(paths.length > 0 && { comparison: history.compare(paths), rewritesParents: true }),
    }),
  )
  const drawing = createGraphDrawing((text) => text, { gap })
  return commits.flatMap(({ id, parents }) => {
    const start = drawing.start({ id, parents })
    const marked = `${start.pop()}${history.positions.get(id)}`
    const more = Array.from({ length: lines - 1 }, (_, nth) => `${drawing.nextLine()}line ${nth}`)
    return [...start, marked, ...more, ...drawing.rest()]
  })
}

const trimmed = (lines: readonly string[]) => lines.map((line) => line.trimEnd())

describe('a drawing of history is the one of git', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))('with one line a commit, seed %i', async (seed) => {
    using history = pairHistory(makeHistory({ commits: 60, seed, isSkewed: seed % 2 === 0 }))
    expect(trimmed(await draw(history))).toEqual(history.git('log', '--graph', '--all', '--format=%s').map(trimEnd))
  })

  it.each([1, 2, 3, 4])('with text of several lines and room between, seed %i', async (seed) => {
    using history = pairHistory(makeHistory({ commits: 60, seed, isSkewed: false }))
    const ours = await draw(history, { lines: 4, gap: true })
    const theirs = history.git('log', '--graph', '--all', '--pretty=format:%s%nline 0%nline 1%nline 2%n')
    expect(trimmed(ours)).toEqual(theirs.map(trimEnd))
  })

  it.each([1, 2, 3])('of what changes a path, seed %i', async (seed) => {
    using history = pairHistory(makeHistory({ commits: 80, seed, isSkewed: false }))
    const theirs = history.git('log', '--graph', '--all', '--format=%s', '--', 'd')
    expect(trimmed(await draw(history, { paths: ['d'] }))).toEqual(theirs.map(trimEnd))
  })

  it.each([4, 5, 8])('of an octopus with %i parents among other lines', async (parents) => {
    using history = pairHistory(octopus(parents))
    expect(trimmed(await draw(history))).toEqual(history.git('log', '--graph', '--all', '--format=%s').map(trimEnd))
  })
})

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1
}

function trimEnd(line: string): string {
  return line.trimEnd()
}

/** A base, branches from it, and two merges of all of them side by side. */
function octopus(parents: number): MadeCommit[] {
  const files = (at: number) => new Map([['a', `${at}`]])
  const branches = Array.from({ length: parents }, (_, at) => at + 1)
  return [
    [],
    ...branches.map(() => [0]),
    branches,
    branches.toReversed(),
    [parents + 1],
    [parents + 2, 1],
    [parents + 3, parents + 4, 2],
  ].map((of, at) => ({ parents: of, seconds: 1_600_000_000 + at * 10, files: files(at) }))
}
