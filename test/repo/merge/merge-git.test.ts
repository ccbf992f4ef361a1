import { expect, test } from 'vitest'

import { type PlannedCommit, pairCommits } from './support/paired-commits.ts'
import { createTreeMaker, type EditName } from './support/random-trees.ts'

const PLAIN: EditName[] = [
  'edit',
  'edit',
  'edit',
  'add',
  'addInFolder',
  'remove',
  'mode',
  'type',
  'fileToFolder',
  'folderToFile',
]
const COUNT = Number(process.env['COUNT'] ?? 30)
const SEED = Number(process.env['SEED'] ?? 1)

test('without renames', async () => {
  const planned: PlannedCommit[] = []
  for (let at = 0; at < COUNT; at++) {
    const maker = createTreeMaker(SEED + at)
    const base = maker.create()
    planned.push({ parents: [], leaves: base })
    for (let side = 0; side < 2; side++) {
      planned.push({ parents: [3 * at], leaves: maker.change(base, PLAIN, 1 + maker.below(8)) })
    }
  }
  const pair = pairCommits(planned)
  for (let at = 0; at < COUNT; at++) {
    const { messages, ...git } = pair.mergeByGit(3 * at + 1, 3 * at + 2, ['-c', 'merge.renames=false'])
    const { merge, ...ours } = await pair.merge(3 * at + 1, 3 * at + 2, { renames: false })
    expect({ seed: SEED + at, ...ours }, `${messages}\n${merge.notes.map(({ text }) => text).join('\n')}`).toEqual({
      seed: SEED + at,
      ...git,
    })
  }
})
