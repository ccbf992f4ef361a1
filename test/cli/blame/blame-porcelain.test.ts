import { expect, test } from 'vitest'

import { renderBlamePorcelain } from '../../../src/cli/blame/blame-porcelain.ts'
import { renderBlame } from '../../../src/cli/blame/blame-text.ts'
import { readBlamedCommits } from '../../../src/cli/blame/blamed-commits.ts'
import { blame } from '../../../src/repo/blame/blame.ts'
import { createCommitGraph } from '../../../src/repo/history/commit-graph.ts'
import { makeTextHistory, storeTextHistory } from '../../repo/blame/blame-histories.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const now = new Date(1_800_000_000_000)

test('what is printed is what git prints', async () => {
  const made = makeTextHistory({ seed: 31, commits: 40 })
  const { source, cids, git } = storeTextHistory(temporaryFolder(), made)
  const hashes = git(['rev-parse', ...cids.map((_, at) => `c${at}`)])
    .trim()
    .split('\n')
  const positions = new Map([...hashes, ...cids.map(String)].map((id, at) => [id, `<${at % cids.length}>`]))
  const comparable = (text: string) =>
    text
      .replaceAll(/\b(?:[0-9a-f]{40}|baguq[a-z2-7]{56})\b/g, (id) => positions.get(id) ?? id)
      .replaceAll(/^\^?(?:[0-9a-f]{7,8}|baguq[a-z2-7]{11,12}) /gm, (id) => (id.startsWith('^') ? '<root> ' : '<id> '))
  const graph = createCommitGraph(source)
  for (const path of made.at(-1)?.files.keys() ?? []) {
    const found = await blame({ store: source, graph }, { commit: cids.at(-1)!, path })
    const commits = await readBlamedCommits(graph, found.blamed, { path, now })
    const text = (pieces: Iterable<Uint8Array>) => comparable(Buffer.concat([...pieces]).toString())
    for (const [flag, repeats] of [['--porcelain', false] as const, ['--line-porcelain', true] as const]) {
      const ours = text(renderBlamePorcelain(found, commits, { repeats, now }))
      expect(ours).toBe(comparable(git(['blame', flag, `c${made.length - 1}`, '--', path])))
    }
    const style = { path, now, isLong: false, showsAuthor: true, showsEmail: false, showsPath: false }
    const ours = text(renderBlame(found, commits, { ...style, showsOriginalNumber: true, date: 'iso' }))
    expect(ours).toBe(comparable(git(['blame', '-n', `c${made.length - 1}`, '--', path])))
  }
})
