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
const MOVES: EditName[] = [
  ...PLAIN,
  'edit',
  'edit',
  'edit',
  'move',
  'move',
  'moveEdited',
  'moveEdited',
  'moveFolder',
  'addInFolder',
  'addInFolder',
  'removeFolder',
]
const COUNT = Number(process.env['COUNT'] ?? 40)
const SEED = Number(process.env['SEED'] ?? 1)

function planned(edits: EditName[]): PlannedCommit[] {
  const commits: PlannedCommit[] = []
  for (let at = 0; at < COUNT; at++) {
    const maker = createTreeMaker(SEED + at)
    const base = maker.create()
    commits.push({ parents: [], leaves: base })
    for (let side = 0; side < 2; side++) {
      commits.push({ parents: [3 * at], leaves: maker.change(base, edits, 1 + maker.below(8)) })
    }
  }
  return commits
}

test.each([
  { name: 'without renames', edits: PLAIN, args: ['-c', 'merge.renames=false'], options: { renames: false } },
  { name: 'with renames', edits: MOVES, args: [], options: {} },
])('$name', async ({ edits, args, options }) => {
  const pair = pairCommits(planned(edits))
  for (let at = 0; at < COUNT; at++) {
    const { git, ours, said } = await pair.compare(3 * at + 1, 3 * at + 2, args, options)
    expect({ seed: SEED + at, said, ...ours }).toEqual({ seed: SEED + at, said, ...git })
  }
})
