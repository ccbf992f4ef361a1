import type { CID } from 'multiformats/cid'

import type { AbortOptions } from '../../model/block.ts'
import type { CommitGraph } from '../history/commit-graph.ts'
import { isAncestor, mergeBases } from '../merge-base.ts'

/** The best common ancestors of all the commits, newest first. As `git merge-base --octopus --all`. */
export async function octopusBases(
  graph: CommitGraph,
  commits: readonly CID[],
  options: AbortOptions = {},
): Promise<CID[]> {
  const [first, ...rest] = commits
  let bases = first === undefined ? [] : [first]
  for (const commit of rest) {
    const next: CID[] = []
    for (const base of bases) next.push(...(await mergeBases(graph, commit, base, options)))
    bases = next
  }
  const best: { cid: CID; committedAt: number }[] = []
  for (const cid of await independentCommits(graph, bases, options)) {
    best.push({ cid, committedAt: (await graph.load(cid.toString(), options)).committedAt })
  }
  return best.sort((a, b) => b.committedAt - a.committedAt).map(({ cid }) => cid)
}

/** Those of the commits that none of the others has in its history, each once, in their order. As `git merge-base --independent`. */
export async function independentCommits(
  graph: CommitGraph,
  commits: readonly CID[],
  options: AbortOptions = {},
): Promise<CID[]> {
  const left = new Map(commits.map((cid) => [cid.toString(), cid]))
  for (const [id, cid] of left) {
    for (const [otherId, other] of left) {
      if (otherId === id || !(await isAncestor(graph, cid, other, options))) continue
      left.delete(id)
      break
    }
  }
  return [...left.values()]
}
