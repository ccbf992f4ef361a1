import type { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished } from 'vitest'

import { describeCommit } from '../../../src/repo/describe/describe-commit.ts'
import { nameWithin } from '../../../src/repo/describe/name-within.ts'
import type { CommitName } from '../../../src/repo/describe/named-commits.ts'
import { createCommitGraph } from '../../../src/repo/history/commit-graph.ts'
import { makeHistory, pairHistory, type PairedHistory } from '../../support/git-history.ts'
import { createRandom } from '../../support/random.ts'

describe.each([1, 2, 3])('git agrees, seed %i:', (seed) => {
  const pair = () => {
    const made = pairHistory(makeHistory({ commits: 70, seed, isSkewed: seed % 2 === 0 }))
    onTestFinished(() => made[Symbol.dispose]())
    return made
  }

  it('which tag is the nearest, and how far away', async () => {
    const history = pair()
    const graph = createCommitGraph(history.source)
    const names = tagSome(history, seed, 16)
    const ways = [
      { args: [], options: {} },
      { args: ['--tags'], options: { takesAny: true } },
      { args: ['--tags', '--candidates=2'], options: { takesAny: true, candidates: 2 } },
      { args: ['--first-parent'], options: { isFirstParent: true } },
      { args: ['--exact-match', '--tags'], options: { takesAny: true, candidates: 0 } },
    ]
    for (const { args, options } of ways) {
      for (let at = seed; at < 70; at += 6) {
        const found = await describeCommit(graph, names, history.cids[at] as CID, options)
        const text = found && `${found.name.name}-${found.depth}`
        const [git] = gitOrNothing(history, 'describe', '--long', ...args, history.hash(at))
        expect(text, `seed ${seed}, ${args.join(' ')} of ${at}`).toBe(git?.replace(/-g[^-]*$/, ''))
      }
    }
  })

  it('which tag has a commit in its history, and by which way', async () => {
    const history = pair()
    const graph = createCommitGraph(history.source)
    const names = tagSome(history, seed + 100, 6)
    for (let at = 0; at < 70; at += 5) {
      const [git] = gitOrNothing(history, 'describe', '--contains', history.hash(at))
      expect(await nameWithin(graph, names, history.cids[at] as CID), `seed ${seed}, commit ${at}`).toBe(git)
    }
  })
})

/** Tags some commits in git, half of them with annotated tags, and gives the same names. */
function tagSome(history: PairedHistory, seed: number, count: number): CommitName[] {
  const random = createRandom(seed)
  const names = Array.from({ length: count }, (_, nth): CommitName => {
    const at = Math.floor(random() * history.made.length)
    const isAnnotated = random() < 0.5
    const seconds = isAnnotated ? 1_700_000_000 + nth * 60 : (history.made[at]?.seconds as number)
    const name = `v${nth}`
    const tagger = ['-c', 'user.name=A', '-c', 'user.email=a@x']
    const annotation = isAnnotated ? ['-a', '-m', 'x'] : []
    history.gitAt(seconds, ...tagger, 'tag', ...annotation, name, history.hash(at))
    return { name, ref: `refs/tags/${name}`, commit: String(history.cids[at]), isAnnotated, isTag: true, seconds }
  })
  return names.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Git ends with status 128 where there is none. */
function gitOrNothing(history: PairedHistory, ...args: string[]): string[] {
  try {
    return history.git(...args)
  } catch (error) {
    expect(error).toMatchObject({ status: 128 })
    return []
  }
}
